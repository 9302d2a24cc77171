import { type Connection, type ConnectOptions, IpcError, type Peer, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs, createConnection, resolveLimits, startWait } from '@ipc/core/internal'
import { attachRegion } from '../region/region.js'
import type { Doorbell } from './doorbell.js'
import { checkPeer, Pair } from './pair.js'
import { ABORTED, ATTACHED } from './pair-layout.js'
import { RingLink } from './ring-link.js'
import { codecOf } from './shm-options.js'
import { type ThreadPeer, threadDoorbell } from './thread-doorbell.js'

/** Options of {@link fromBuffer}. */
export interface FromBufferOptions<In = unknown, Out = In> extends ConnectOptions<In, Out> {
  /**
   * Tells when the other thread is gone: the `Worker`, or in the worker `parentPort`. Without it a thread that dies
   * is not noticed.
   */
  readonly peer?: ThreadPeer | undefined
}

/**
 * Connect two threads of one process over a region: both call this with the same `SharedArrayBuffer`, in any order.
 * A region carries one connection, with a ring each way as large as fits in it.
 *
 * @throws IpcError `IPC_ADDRESS_IN_USE` when two others are connected by it; `IPC_PROTOCOL` when the sides' codecs differ;
 * `IPC_PEER_LOST`; `IPC_TIMEOUT`; `IPC_ABORTED`. TypeError when it is no region's; RangeError when it is too small.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { createRegion, fromBuffer } from '@ipc/shm'
 *
 * const region = createRegion(2 ** 20)
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: region.buffer })
 * const connection = await fromBuffer(region.buffer as SharedArrayBuffer, { peer: worker })
 * // in worker.js: await fromBuffer(workerData, { peer: parentPort })
 * connection.send({ hello: 'thread' })
 * ```
 */
export async function fromBuffer<In = unknown, Out = In>(
  buffer: SharedArrayBuffer,
  options: FromBufferOptions<In, Out> = {},
): Promise<Connection<In, Out>> {
  const { peer: threadPeer, signal, timeoutMs = Number.POSITIVE_INFINITY } = options
  checkDurationMs('timeoutMs', timeoutMs)
  const limits = resolveLimits(options)
  const codec = codecOf(options)
  const region = attachRegion(buffer)
  const pair = Pair.claim(region)
  const facts = { codec: codec.name, maxMessageBytes: limits.maxMessageBytes }
  pair.attach(facts)
  const doorbell = threadDoorbell(pair, threadPeer)
  try {
    await attached(pair, doorbell, { signal, timeoutMs })
    checkPeer(facts, pair.peerFacts)
    if (pair.peerState === ABORTED) throw new IpcError('IPC_ABORTED', 'the other thread gave up connecting')
  } catch (error) {
    doorbell.close(true)
    throw error
  }
  const threadId = (threadPeer as { readonly threadId?: unknown } | undefined)?.threadId
  const peer: Peer = { transport: 'shm', ...(typeof threadId === 'number' ? { threadId } : {}) }
  return createConnection<In, Out>({
    options: { ...options, codec },
    limits,
    link: (events) =>
      new RingLink({ pair, doorbell, codec, maxMessageBytes: limits.maxMessageBytes, peer, events }),
  })
}

/** Wait until the peer is attached: it rings when it is. */
async function attached(pair: Pair, doorbell: Doorbell, options: WaitOptions): Promise<void> {
  if (options.signal?.aborted) throw abortedError('fromBuffer', options.signal.reason)
  const wait = startWait<void>('fromBuffer', options, () => {})
  const look = (): void => {
    doorbell.arm()
    if (pair.peerState === ATTACHED) wait.resolve()
  }
  doorbell.start({
    rung: look,
    gone(error) {
      // A peer that is attached and gave up may have found that the codecs differ: the caller looks into that.
      if (error.code === 'IPC_ABORTED') wait.resolve()
      else wait.reject(error)
    },
  })
  doorbell.ring()
  look()
  await wait.promise
}
