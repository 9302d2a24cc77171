/**
 * Looks at named shared memory from outside, for tools: what is there, who uses it and how far they are, without taking part
 * in it. Not covered by semantic versioning before 1.0.
 *
 * @packageDocumentation
 */
export { defaultDirectory } from '../region/directory.js'
export { inspectRegion, type RegionInspection } from './inspect-region.js'
export {
  type ConnectionInfo,
  listConnections,
  type PairInfo,
  type PairRingInfo,
} from './list-connections.js'
export { type ListenerInfo, listListeners } from './list-listeners.js'
export { type DeadFile, type RemoveDeadOptions, removeDead } from './remove-dead.js'
export { removeUnused } from './remove-unused.js'
export type { RingTail, TailedRecord } from './ring-tail.js'
export type {
  BroadcastSnapshot,
  BytesSnapshot,
  ConditionSnapshot,
  MutexSnapshot,
  ObjectSnapshot,
  ParticipantSnapshot,
  ReaderSnapshot,
  RegionSnapshot,
  RingSnapshot,
  SemaphoreSnapshot,
  ValueSnapshot,
} from './snapshot.js'
