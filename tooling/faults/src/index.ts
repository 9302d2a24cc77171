/**
 * Finds what breaks code: `explore` runs it under every interleaving of a few threads, in a model of memory and of
 * `Atomics`; `startProxy` and `startTunnel` do to connections what networks do. Death at every step is in
 * `@ipc/faults/crash`.
 *
 * @packageDocumentation
 */
export {
  type ExploreOptions,
  explore,
  type MemoryMode,
  type Report,
  type Violation,
} from './explore/explore.js'
export { loadModel, type Model, type ModelInput, type Mutation } from './explore/load-model.js'
export type { ModelFutex, ModelLocks, Outcome, Scenario, Self, ThreadBody } from './explore/scenario.js'
export type { CutOptions, Cutter } from './proxy/cut-randomly.js'

export type { Endpoint, TcpEndpoint, UnixEndpoint } from './proxy/endpoint.js'

export type { Direction, ProxiedConnection } from './proxy/proxied-connection.js'

export type { RecordedEvent, Recorder } from './proxy/recorder.js'

export { formatRecording, parseRecording, recordedBytes, type Stream } from './proxy/recording.js'

export { type ReplayOptions, replay } from './proxy/replay.js'

export { type FaultProxy, type ProxyOptions, startProxy } from './proxy/start-proxy.js'

export type { ConnectionToxic, Toxic, Toxics } from './proxy/toxic.js'

export { type BandwidthOptions, bandwidth } from './proxy/toxics/bandwidth.js'

export { type BlackHoleOptions, blackHole } from './proxy/toxics/black-hole.js'

export { duplicateConnection } from './proxy/toxics/duplicate-connection.js'

export { type FlipOptions, flip } from './proxy/toxics/flip.js'

export { type LatencyOptions, latency } from './proxy/toxics/latency.js'

export { type LimitBytesOptions, limitBytes } from './proxy/toxics/limit-bytes.js'

export { refuse } from './proxy/toxics/refuse.js'

export { type Between, type ResetAfterOptions, resetAfter } from './proxy/toxics/reset-after.js'

export { type SliceOptions, slice } from './proxy/toxics/slice.js'

export { type SlowCloseOptions, slowClose } from './proxy/toxics/slow-close.js'

export {
  startTunnel,
  type Tunnel,
  type TunnelCounts,
  type TunnelOptions,
  type TunnelSide,
  type TunnelWeather,
} from './tunnel/start-tunnel.js'

export { tunnelObstacle } from './tunnel/tunnel-obstacle.js'
