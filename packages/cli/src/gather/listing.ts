import { isIpcError, listRegions, type RegionInfo } from '@ipc/shm'
import {
  type ConnectionInfo,
  defaultDirectory,
  inspectRegion,
  type ListenerInfo,
  listConnections,
  listListeners,
  type RegionSnapshot,
} from '@ipc/shm/inspect'
import { type OtherDirectory, otherDirectories } from './other-directories.js'
import { isQueueRegion, type QueueDirectoryInfo, queueDirectoryOf } from './queue-directories.js'

/** What there is in a directory of names. */
export interface Listing {
  readonly directory: string
  readonly regions: readonly RegionEntry[]
  readonly listeners: readonly ListenerEntry[]
  /** Queue directories in use. */
  readonly queues: readonly QueueDirectoryInfo[]
  /** Beside the default directory: those that applications have for themselves. */
  readonly others: readonly OtherDirectory[]
}

/** A named region. */
export interface RegionEntry extends RegionInfo {
  readonly content: RegionSnapshot['content'] | 'unreadable'
  readonly objects: number
  /** Of those who use its objects. */
  readonly alive: number
  readonly dead: number
}

/** A name that somebody listens on, or did. */
export interface ListenerEntry extends ListenerInfo {
  readonly connections: readonly ConnectionInfo[]
}

/** List them. Nobody who uses any of it notices. */
export async function gatherListing(directory: string): Promise<Listing> {
  const regions: RegionEntry[] = []
  const queues: QueueDirectoryInfo[] = []
  for (const info of listRegions({ directory })) {
    const snapshot = snapshotOf(info.name, directory)
    const alive = snapshot?.participants.filter((participant) => participant.alive) ?? []
    regions.push({
      ...info,
      content: snapshot?.content ?? 'unreadable',
      objects: snapshot?.objects.length ?? 0,
      alive: alive.length,
      dead: (snapshot?.participants.length ?? 0) - alive.length,
    })
    if (!isQueueRegion(info.name) || alive.length === 0) continue
    queues.push(queueDirectoryOf(info.name, [...new Set(alive.map(({ pid }) => pid))]))
  }
  const others = directory === defaultDirectory() ? otherDirectories() : []
  return { directory, regions, listeners: await gatherListeners(directory), queues, others }
}

/** Listeners with their connections; connections whose listener has gone stand under its name too. */
export async function gatherListeners(directory: string): Promise<ListenerEntry[]> {
  const connections = listConnections({ directory })
  const listeners = await listListeners({ directory })
  const known = new Set(listeners.map(({ name }) => name))
  const gone = [...new Set(connections.map(({ name }) => name))].filter((name) => !known.has(name))
  return [...listeners, ...gone.map((name) => ({ name, alive: false, pid: undefined }))].map((listener) => ({
    ...listener,
    connections: connections.filter(({ name }) => name === listener.name),
  }))
}

function snapshotOf(name: string, directory: string): RegionSnapshot | undefined {
  try {
    const region = inspectRegion(name, { directory })
    try {
      return region.snapshot()
    } finally {
      region.close()
    }
  } catch (error) {
    // Removed meanwhile, or corrupt, or another user's: the rest is shown all the same.
    if (isIpcError(error)) return undefined
    throw error
  }
}
