import type { Connection, Listener, Transport } from '@ipc/core'
import { checkDurationMs, type LimitOptions, type Limits, resolveLimits } from '@ipc/core/internal'
import { checkName, defaultDirectory } from '../region/directory.js'
import { connectNamed } from './connect.js'
import { listenNamed } from './listen.js'
import {
  CAPABILITIES,
  checkRingBytes,
  codecOf,
  DEFAULT_RING_BYTES,
  type ShmConnectOptions,
  type ShmListenOptions,
  type ShmOptions,
} from './shm-options.js'

/**
 * Connections over shared memory between processes of one user on one machine, found by name. Messages move without a
 * system call while both sides are busy; a side that has nothing to do sleeps.
 *
 * @throws TypeError | RangeError for options that cannot be right.
 *
 * @example
 * ```ts
 * import { shm } from '@ipc/shm'
 *
 * // one process
 * const listener = await shm().listen('prices')
 * const connection = await listener.accept()
 * connection.send({ symbol: 'ABC', price: 12.5 })
 *
 * // another
 * const prices = await shm().connect('prices')
 * for await (const price of prices) console.log(price)
 * ```
 */
export function shm(options: ShmOptions = {}): Transport<string> {
  const ringBytes = checkRingBytes(options.ringBytes ?? DEFAULT_RING_BYTES)
  const placed = (
    name: string,
    given: LimitOptions,
  ): { directory: string; name: string; limits: Limits } => ({
    directory: options.directory ?? defaultDirectory(),
    name: checkName(name),
    limits: resolveLimits(given),
  })
  return {
    name: 'shm',
    capabilities: CAPABILITIES,
    async connect<In = unknown, Out = In>(
      name: string,
      given: ShmConnectOptions<In, Out> = {},
    ): Promise<Connection<In, Out>> {
      checkDurationMs('timeoutMs', given.timeoutMs ?? Number.POSITIVE_INFINITY)
      return connectNamed({ ...placed(name, given), options: given, codec: codecOf(given), ringBytes })
    },
    async listen<In = unknown, Out = In>(
      name: string,
      given: ShmListenOptions<In, Out> = {},
    ): Promise<Listener<In, Out>> {
      return listenNamed({ ...placed(name, given), options: given, codec: codecOf(given), ringBytes })
    },
  }
}
