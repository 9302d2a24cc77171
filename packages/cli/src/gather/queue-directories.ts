import { readdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

const DATABASE = '/queues.db'
const REGION = /^queues-[0-9a-z]+-[0-9a-z]+$/

/** A directory of `@ipc/mq-sqlite` that processes have open now. */
export interface QueueDirectoryInfo {
  /** Where it is; `undefined` where the system does not tell. */
  readonly directory: string | undefined
  /** The region by which they take turns. */
  readonly region: string
  readonly pids: readonly number[]
}

/** Whether a region is the one by which the processes of a queue directory take turns. */
export function isQueueRegion(name: string): boolean {
  return REGION.test(name)
}

/**
 * The queue directory of such a region: the one that a process of it has open whose number is in the region's name.
 *
 * @param pids - Of the region's living participants.
 */
export function queueDirectoryOf(region: string, pids: readonly number[]): QueueDirectoryInfo {
  const directory = pids.flatMap(databasesOf).find((candidate) => regionOf(candidate) === region)
  return { directory, region, pids }
}

function databasesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  let files: string[]
  try {
    files = readdirSync(folder)
  } catch {
    // Ended, another user's, or another system.
    return []
  }
  return files.flatMap((file) => {
    try {
      const path = readlinkSync(`${folder}/${file}`)
      return path.endsWith(DATABASE) ? dirname(path) : []
    } catch {
      return []
    }
  })
}

/** As @ipc/mq-sqlite names it. */
function regionOf(directory: string): string | undefined {
  try {
    const { dev, ino } = statSync(directory, { bigint: true })
    return `queues-${dev.toString(36)}-${ino.toString(36)}`
  } catch {
    return undefined
  }
}
