import type { ConnectionInfo, ParticipantSnapshot } from '@ipc/shm/inspect'
import type { Statistics } from '../gather/statistics.js'
import { ageOf, bytesOf, grouped, listOf } from './figures.js'
import { lifeOf } from './listing.js'
import { factsOf, lagOf, sizeOf } from './object-facts.js'
import type { Paint } from './paint.js'
import { cut, numeric, tableOf } from './table.js'

/** What `ipc stat` prints. */
export function renderStatistics(statistics: Statistics, paint: Paint, columns: number): string {
  return [...regionOf(statistics, paint, columns), ...listenerOf(statistics, paint, columns)].join('\n\n')
}

function regionOf({ region }: Statistics, paint: Paint, columns: number): string[] {
  if (region === undefined) return []
  const { name, bytes, schema, creatorPid, createdAt, content, freeBytes, participants, objects } = region
  const head = [
    `region ${paint.strong(name)}  ${bytesOf(bytes)}`,
    content === 'objects' ? `${bytesOf(freeBytes)} free` : content,
    `created by ${creatorPid}, ${ageOf(createdAt)} ago`,
    ...(schema === '' ? [] : [`schema ${schema}`]),
  ]
  const parts = [cut(head.join('  '), columns)]
  if (objects.length > 0) {
    const rows = objects.map((object) => [
      paint.strong(object.name),
      object.kind,
      sizeOf(object),
      factsOf(object),
    ])
    parts.push(tableOf(['OBJECT', 'KIND', numeric('SIZE'), 'STATE'], rows, columns))
  }
  if (participants.length > 0) parts.push(participantsOf(participants, paint, columns))
  return parts
}

function participantsOf(participants: readonly ParticipantSnapshot[], paint: Paint, columns: number): string {
  return tableOf(
    [numeric('SLOT'), numeric('PID'), 'LIFE', 'STATE', numeric('WOKEN'), numeric('DIED BEFORE')],
    participants.map(({ slot, pid, alive, state, wakeUps, losses }) => [
      slot,
      pid,
      alive ? paint.good('alive') : paint.bad('dead'),
      state,
      grouped(wakeUps),
      losses,
    ]),
    columns,
  )
}

function listenerOf({ listener }: Statistics, paint: Paint, columns: number): string[] {
  if (listener === undefined) return []
  const { name, pid, connections } = listener
  const life = lifeOf(listener, paint)
  const head = `listener ${paint.strong(`shm:${name}`)}  ${life}${pid === undefined ? '' : `  pid ${pid}`}`
  if (connections.length === 0) return [cut(`${head}  no connections`, columns)]
  return [cut(head, columns), connectionsOf(connections, columns)]
}

function connectionsOf(connections: readonly ConnectionInfo[], columns: number): string {
  return tableOf(
    ['CONNECTION', 'PIDS', 'CODEC', numeric('RING'), 'LISTENER TO PEER', 'PEER TO LISTENER'],
    connections.map(({ id, pids, rings }) => {
      if (rings === undefined) return [id, listOf(pids), '-', '-', 'may not be looked at', '']
      const { codec, capacityBytes, accepted, connected } = rings
      const ways = [accepted, connected].map(
        ({ tail, lagBytes }) => `tail ${tail}  lag ${lagOf(lagBytes, capacityBytes)}`,
      )
      return [id, listOf(pids), codec, bytesOf(capacityBytes), ...ways]
    }),
    columns,
  )
}
