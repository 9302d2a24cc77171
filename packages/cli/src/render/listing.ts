import type { ListenerEntry, Listing } from '../gather/listing.js'
import { ageOf, bytesOf, listOf } from './figures.js'
import type { Paint } from './paint.js'
import { numeric, tableOf } from './table.js'

/** What `ipc ls` prints. */
export function renderListing(listing: Listing, paint: Paint, columns: number): string {
  const parts = [regionsOf(listing, paint, columns), listenersOf(listing, paint, columns)]
  if (listing.queues.length > 0) parts.push(queuesOf(listing, columns))
  const { regions, listeners, others, directory } = listing
  if (regions.length + listeners.length === 0) parts.unshift(`nothing in ${directory}`)
  if (others.length > 0) parts.push(othersOf(listing, columns))
  return parts.filter((part) => part !== '').join('\n\n')
}

function regionsOf({ regions }: Listing, paint: Paint, columns: number): string {
  if (regions.length === 0) return ''
  return tableOf(
    ['REGION', numeric('SIZE'), 'CONTENT', 'USERS', numeric('AGE'), numeric('CREATOR'), 'SCHEMA'],
    regions.map(({ name, bytes, content, objects, alive, dead, createdAt, creatorPid, schema }) => [
      paint.strong(name),
      bytesOf(bytes),
      content === 'objects' ? `${objects} object${objects === 1 ? '' : 's'}` : content,
      users(alive, dead, paint),
      ageOf(createdAt),
      creatorPid,
      schema,
    ]),
    columns,
  )
}

function users(alive: number, dead: number, paint: Paint): string {
  const living = alive > 0 ? paint.good(`${alive} alive`) : paint.weak('none')
  return dead > 0 ? `${living} ${paint.bad(`${dead} dead`)}` : living
}

function listenersOf({ listeners }: Listing, paint: Paint, columns: number): string {
  if (listeners.length === 0) return ''
  return tableOf(
    ['LISTENER', 'STATE', numeric('PID'), numeric('CONNECTIONS'), 'PEERS'],
    listeners.map(({ name, alive, pid, connections }) => [
      paint.strong(`shm:${name}`),
      lifeOf({ alive, connections }, paint),
      pid ?? '-',
      connections.length,
      listOf([...new Set(connections.flatMap(({ pids }) => pids))].filter((peer) => peer !== pid)),
    ]),
    columns,
  )
}

/** One that has closed leaves its connections. */
export function lifeOf(
  { alive, connections }: Pick<ListenerEntry, 'alive' | 'connections'>,
  paint: Paint,
): string {
  if (alive) return paint.good('alive')
  return connections.length > 0 ? paint.weak('closed') : paint.bad('dead')
}

function queuesOf({ queues }: Listing, columns: number): string {
  return tableOf(
    ['QUEUE DIRECTORY', 'PROCESSES'],
    queues.map(({ directory, region, pids }) => [directory ?? `(of region ${region})`, listOf(pids)]),
    columns,
  )
}

function othersOf({ others }: Listing, columns: number): string {
  return tableOf(
    ['OTHER DIRECTORY (--dir)', numeric('NAMES')],
    others.map(({ directory, names }) => [directory, names]),
    columns,
  )
}
