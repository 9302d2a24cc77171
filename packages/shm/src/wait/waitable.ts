import type { WaitOptions } from '@ipc/core'
import type { SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from './participant.js'

/** What is waited for, and where. */
export interface Waiting {
  readonly region: SharedRegion
  readonly condition: Condition
}

/** Something that {@link waitAny} waits for: a consumer that has records, a shared value that has changed. */
export interface Waitable {
  /** Whether it has something now. */
  readonly ready: boolean
}

const waitings = new WeakMap<Waitable, Waiting>()

/** Make `waitable` one that {@link waitAny} takes. */
export function makeWaitable(waitable: Waitable, waiting: Waiting): void {
  waitings.set(waitable, waiting)
}

/**
 * Wait until one of several has something: consumers a record, shared values a change. They may lie in different
 * regions. The event loop goes on meanwhile, and however many are waited for, it sleeps on one doorbell.
 *
 * @returns the index of the first of `waitables` that has.
 * @throws IpcError `IPC_TIMEOUT`, `IPC_ABORTED`; `IPC_CLOSED` when one of the regions is closed. TypeError for none.
 *
 * @example
 * ```ts
 * import { openRegion, spscRing, waitAny } from '@ipc/shm'
 *
 * const region = openRegion('orders', { bytes: 2 ** 22 })
 * const consumers = ['new', 'changed'].map((name) => spscRing(region, name).consumer())
 * const first = consumers[await waitAny(consumers, { timeoutMs: 1000 })]
 * ```
 */
export async function waitAny(waitables: readonly Waitable[], options: WaitOptions = {}): Promise<number> {
  const all = waitables.map((waitable) => waitingOf(waitable))
  if (all.length === 0) throw new TypeError('waitAny needs at least one to wait for')
  const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
  const start = performance.now()
  let left = timeoutMs
  while (true) {
    await oneOf(all, { signal, timeoutMs: left })
    const index = all.findIndex(({ condition }) => condition.ready())
    if (index >= 0) return index
    // Another task of this thread has taken it.
    left = Math.max(0, timeoutMs - (performance.now() - start))
  }
}

/** One wait for each region, on all that lie in it. */
async function oneOf(all: readonly Waiting[], options: WaitOptions): Promise<void> {
  const regions = [...new Set(all.map(({ region }) => region))]
  const [first] = regions
  if (first !== undefined && regions.length === 1) return first.self.wait('waitAny', anyOf(all), options)
  // One for each: Node takes many listeners of one signal for a leak.
  const ends = regions.map(() => new AbortController())
  const abort = (): void => {
    for (const end of ends) end.abort(options.signal?.reason)
  }
  if (options.signal?.aborted) abort()
  options.signal?.addEventListener('abort', abort, { once: true })
  try {
    await Promise.race(
      regions.map(async (region, index) => {
        const here = anyOf(all.filter((waiting) => waiting.region === region))
        return region.self.wait('waitAny', here, { ...options, signal: ends[index]?.signal })
      }),
    )
  } finally {
    options.signal?.removeEventListener('abort', abort)
    abort()
  }
}

/**
 * As {@link waitAny}, but blocks the thread; all must lie in one region.
 *
 * @returns the index of the first that has something, or -1 when the time is over.
 * @throws TypeError for none, or for several regions.
 */
export function waitAnySync(waitables: readonly Waitable[], options: BlockOptions = {}): number {
  const all = waitables.map((waitable) => waitingOf(waitable))
  const [first] = all
  if (first === undefined || all.some(({ region }) => region !== first.region)) {
    throw new TypeError('waitAnySync needs at least one to wait for, and all of them in one region')
  }
  if (!first.region.self.waitSync(anyOf(all), options)) return -1
  return all.findIndex(({ condition }) => condition.ready())
}

function waitingOf(waitable: Waitable): Waiting {
  const waiting = waitings.get(waitable)
  if (waiting === undefined) throw new TypeError('waited for are consumers of rings and shared values')
  return waiting
}

function anyOf(all: readonly Waiting[]): Condition {
  return {
    ready: () => all.some(({ condition }) => condition.ready()),
    arm(participant) {
      for (const { condition } of all) condition.arm(participant)
    },
    disarm(participant) {
      for (const { condition } of all) condition.disarm(participant)
    },
  }
}
