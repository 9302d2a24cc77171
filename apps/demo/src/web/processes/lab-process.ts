import type { Connection } from '@ipc/core'
import { mqProcess } from '@ipc/mq'
import type { Region } from '@ipc/shm'
import { removeScratch } from '../../scratch.js'
import type { Job, Role } from './orders.js'

// One program for all processes of the lab; what it is says its first argument. Only the packages that it needs are loaded.

const role = process.argv[2] as Role
const job = JSON.parse(process.argv[3]!) as Job

// Ctrl-C reaches the whole group of processes: the server decides what becomes of it.
process.on('SIGINT', () => {})

const listener = await mqProcess().listen(process)
const supervisor = await listener.accept()
await listener.close()
void supervisor.closed.then(({ error }) => {
  // Without a server nobody else may be there to do it.
  if (error !== undefined) removeScratch(job.scratch)
  process.exit()
})
await play(role, supervisor)

async function play(as: Role, connection: Connection): Promise<void> {
  switch (as) {
    case 'ring-writer':
      return writeRing(connection)
    case 'ring-reader':
      return (await import('./ring-reader.js')).readRing(await ringRegion(), connection, job.pace)
    case 'link-sender':
      return (await import('./link-sender.js')).sendMessages(job, connection)
    case 'link-receiver':
      return (await import('./link-receiver.js')).receiveMessages(job, connection)
    case 'queue-sender':
      return (await import('./queue-sender.js')).sendToQueue(job, connection)
    case 'queue-receiver':
      return (await import('./queue-receiver.js')).receiveFromQueue(job, connection)
    case 'racer':
      return (await import('./racer.js')).race(await raceRegion(), connection, job.generation)
    case 'value-writer':
      return (await import('./value-writer.js')).writeValues(await raceRegion(), connection)
    case 'value-reader':
      return (await import('./value-reader.js')).readValues(await raceRegion(), connection)
    case 'sweep':
      return (await import('./sweep.js')).sweep(job, connection)
  }
}

async function writeRing(connection: Connection): Promise<void> {
  const writer = await import('./ring-writer.js')
  writer.writeRing(await ringRegion(), connection, job.generation, job.pace)
}

async function ringRegion(): Promise<Region> {
  const { RING_REGION, RING_REGION_BYTES } = await import('./ring-region.js')
  return named(RING_REGION, RING_REGION_BYTES)
}

async function raceRegion(): Promise<Region> {
  const { RACE_REGION, RACE_REGION_BYTES } = await import('./race-memory.js')
  return named(RACE_REGION, RACE_REGION_BYTES)
}

async function named(name: string, bytes: number): Promise<Region> {
  const { openRegion } = await import('@ipc/shm')
  return openRegion(name, { bytes, directory: job.scratch })
}
