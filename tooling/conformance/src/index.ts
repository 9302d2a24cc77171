/**
 * The executable specification of connections and transports. Tests import from here; programs on the remote side
 * import from `@ipc/conformance/remote`.
 *
 * @packageDocumentation
 */
export { type Control, childControl, portControl } from './control.js'
export { describeTransport } from './describe-transport.js'
export { driveRemote, localRemote } from './drive-remote.js'
export type { Endpoint, Pair, PairOptions, TransportHarness } from './harness.js'
export { connectMemory, type MemoryPair, memory } from './memory-transport.js'
export { createPeers, type Host, hostOver, type Peers } from './peers.js'
export { type CheckedMachine, checkStateMachine } from './queue/check-state-machine.js'
export { type ConnectedInit, connectedQueues, type HostConnection } from './queue/connected-queues.js'
export { type BusyHarness, type BusyProgram, describeBusyHandlers } from './queue/describe-busy-handlers.js'
export { describeQueue } from './queue/describe-queue.js'
export { dyingConnection } from './queue/dying-connection.js'
export { type EveryCallInit, expectEveryCallSettles, type Watch } from './queue/every-call.js'
export {
  IN_MEMORY,
  type OtherClient,
  type QueueFixture,
  type QueueHarness,
  type QueueSetup,
} from './queue/queue-harness.js'
export { type ModelEntry, type ModelMessage, type ModelSettings, QueueModel } from './queue/queue-model.js'
export { type Remote, type RemoteCloseReason, remoteOver } from './remote.js'
export { connectionOptions, type RemoteOptions, rawCodec } from './remote-options.js'
export {
  type Started,
  type StartedProcess,
  type StartedWorker,
  type StartOptions,
  startProcess,
  startWorker,
} from './start.js'
