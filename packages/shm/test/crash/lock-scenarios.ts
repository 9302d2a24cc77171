import type { Death, Victim } from '@ipc/faults/crash'
import {
  type Condition,
  condition,
  type HeldMutex,
  type Mutex,
  mutex,
  openRegion,
  type Region,
  type Semaphore,
  semaphore,
  sharedBytes,
} from '@ipc/shm'
import { BLOCKED, PARKED } from '../../src/layout.js'
import { until } from '../fixtures/until-parked.js'
import { untilAsleep, untilFastAsleep } from './asleep.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

const PERMITS = 3
const SHORT_MS = 5
/** Steps of who gives up, whether or not it comes to block in so short a time. */
const GIVING_UP = /^TurnQueue/

export interface LockArgs {
  readonly directory: string
}

/** What is in the region of a series. */
export interface Locks {
  readonly lock: Mutex
  readonly changed: Condition
  readonly permits: Semaphore
  /** What the mutex protects: 1 while somebody is inside. */
  readonly inside: Int32Array
  /** How far two are that have to meet: {@link HELD}, {@link AWAITED}. */
  readonly meeting: Int32Array
}

const HELD = 1
const AWAITED = 2

function locksIn(region: Region): Locks {
  const bytes = sharedBytes(region, 'protected', { bytes: 8 })
  return {
    lock: mutex(region, 'lock'),
    changed: condition(region, 'changed'),
    permits: semaphore(region, 'permits', { permits: PERMITS }),
    inside: new Int32Array(bytes.buffer, bytes.byteOffset, 1),
    meeting: new Int32Array(bytes.buffer, bytes.byteOffset + 4, 1),
  }
}

function locksOf({ directory }: LockArgs): Locks {
  return locksIn(openRegion('place', { directory }))
}

function visit({ inside }: Locks, held: HeldMutex): void {
  Atomics.store(inside, 0, 1)
  Atomics.store(inside, 0, 0)
  held.unlock()
}

async function orGivenUp(wait: () => unknown): Promise<void> {
  try {
    await wait()
  } catch (error) {
    check((error as { code?: string }).code === 'IPC_TIMEOUT', `a wait failed: ${String(error)}`)
  }
}

/** Operations of victims on locks. */
export const locking: Operations = {
  'mutex.lockSync': (args: LockArgs) => {
    const locks = locksOf(args)
    return () => visit(locks, locks.lock.lockSync({ timeoutMs: WATCHDOG_MS }))
  },
  'mutex.lock': (args: LockArgs) => {
    const locks = locksOf(args)
    return async () => visit(locks, await locks.lock.lock({ timeoutMs: WATCHDOG_MS }))
  },
  'mutex.lockSync, give up': (args: LockArgs) => {
    const { lock } = locksOf(args)
    return () => orGivenUp(() => lock.lockSync({ timeoutMs: SHORT_MS }))
  },
  'mutex.unlock': async (args: LockArgs) => {
    const locks = locksOf(args)
    const held = locks.lock.lockSync({ timeoutMs: WATCHDOG_MS })
    Atomics.store(locks.meeting, 0, HELD)
    await until(() => Atomics.load(locks.meeting, 0) === AWAITED, 'a survivor waits')
    return () => visit(locks, held)
  },
  'mutex.close while held': ({ directory }: LockArgs) => {
    const region = openRegion('place', { directory })
    locksIn(region).lock.lockSync({ timeoutMs: WATCHDOG_MS })
    return () => region.close()
  },
  'semaphore.acquire': (args: LockArgs) => {
    const { permits } = locksOf(args)
    return () => {
      check(permits.acquireSync({ timeoutMs: WATCHDOG_MS }), 'no permit came')
      permits.release()
    }
  },
  'semaphore.acquire, give up': (args: LockArgs) => {
    const { permits } = locksOf(args)
    return () => permits.acquireSync({ timeoutMs: SHORT_MS })
  },
  'condition.waitSync': (args: LockArgs) => {
    const locks = locksOf(args)
    return () => {
      const held = locks.lock.lockSync({ timeoutMs: WATCHDOG_MS })
      visit(locks, locks.changed.waitSync(locks.lock, held, { timeoutMs: WATCHDOG_MS }))
    }
  },
  'condition.notify': (args: LockArgs) => {
    const { changed } = locksOf(args)
    return () => changed.notify()
  },
  'condition.notifyAll': (args: LockArgs) => {
    const { changed } = locksOf(args)
    return () => changed.notifyAll()
  },
}

/** The next one gets the mutex, and hears whether it was taken from a dead one. */
export class MutexSurvivor implements Survivors {
  readonly args: LockArgs
  readonly region: Region
  readonly locks: Locks

  constructor({ directory, open }: Place) {
    this.args = { directory }
    this.region = open()
    this.locks = locksIn(this.region)
  }

  prepare(): LockArgs | Promise<LockArgs> {
    return this.args
  }

  async settle({ step }: Death): Promise<string> {
    const { lock } = this.locks
    const outcome = this.#look(await lock.lock({ timeoutMs: WATCHDOG_MS }), step)
    for (let i = 0; i < 2; i++) {
      const held = lock.lockSync({ timeoutMs: WATCHDOG_MS })
      check(!held.recovered, 'a mutex is recovered once more, though nobody has died')
      held.unlock()
    }
    return outcome
  }

  #look(held: HeldMutex, step: string | undefined): string {
    const { inside } = this.locks
    const wasInside = Atomics.exchange(inside, 0, 0) === 1
    check(held.recovered || !wasInside, 'its holder died inside, and the next one is not told')
    check(step !== undefined || !held.recovered, 'recovered after one who ended in order')
    held.unlock()
    if (!held.recovered) return 'not held'
    return wasInside ? 'recovered by the next, died inside' : 'recovered by the next'
  }
}

/** The survivor has it, and the victim waits for it. */
class ContendedMutex extends MutexSurvivor {
  readonly #mode: number
  readonly #grants: boolean
  #held: HeldMutex | undefined

  /** @param grants - Whether the victim gets it in the end. */
  constructor(place: Place, mode: number, grants: boolean) {
    super(place)
    this.#mode = mode
    this.#grants = grants
  }

  override async prepare(): Promise<LockArgs> {
    this.#held = await this.locks.lock.lock({ timeoutMs: WATCHDOG_MS })
    return this.args
  }

  async during(victim: Victim): Promise<void> {
    if (!this.#grants) return
    await untilAsleep(this.region, victim, this.#mode)
    this.#held?.unlock()
  }

  override async settle(death: Death): Promise<string> {
    this.#held?.unlock()
    return super.settle(death)
  }
}

/** The victim has it, and the survivor sleeps until it gets it. */
class WaitingForMutex extends MutexSurvivor {
  #waiting: Promise<HeldMutex> | undefined

  async during(): Promise<void> {
    const { meeting, lock } = this.locks
    await until(() => Atomics.compareExchange(meeting, 0, HELD, 0) === HELD, 'the victim holds the mutex')
    this.#waiting = lock.lock({ timeoutMs: WATCHDOG_MS })
    await untilFastAsleep(this.region)
    Atomics.store(meeting, 0, AWAITED)
  }

  override async settle(death: Death): Promise<string> {
    const held = await this.#waiting
    check(held !== undefined, 'nobody waited')
    const { recovered } = held
    const wasInside = Atomics.exchange(this.locks.inside, 0, 0) === 1
    check(recovered || !wasInside, 'its holder died inside, and the next one is not told')
    held.unlock()
    await super.settle(death)
    return recovered ? 'recovered by who waits' : 'unlocked'
  }
}

/** Permits of the dead are lost, no more and no fewer, and nobody waits behind the dead. */
export class SemaphoreSurvivor implements Survivors {
  readonly args: LockArgs
  readonly region: Region
  readonly permits: Semaphore
  readonly #isEmpty: boolean
  /** Those that the survivor has. */
  #own = 0

  /** @param isEmpty - Whether all permits are taken when the victim comes. */
  constructor({ directory, open }: Place, isEmpty: boolean) {
    this.args = { directory }
    this.region = open()
    this.permits = locksIn(this.region).permits
    this.#isEmpty = isEmpty
  }

  async prepare(): Promise<LockArgs> {
    // What the last one has lost.
    if (this.permits.available < PERMITS) this.permits.release(PERMITS - this.permits.available)
    if (this.#isEmpty) await this.#acquire()
    return this.args
  }

  async settle({ step }: Death): Promise<string> {
    this.release(this.#own)
    const free = await this.#acquire()
    this.release(free)
    const lost = PERMITS - free
    check(lost === 0 || lost === 1, `${free} of ${PERMITS} permits are left`)
    if (step === undefined) check(lost === 0, 'a permit is lost after one who ended in order')
    return lost === 0 ? 'no permit lost' : 'its permit is lost'
  }

  release(permits: number): void {
    if (permits > 0) this.permits.release(permits)
    this.#own -= permits
  }

  /** Take all that are there. */
  async #acquire(): Promise<number> {
    const { available } = this.permits
    for (let taken = 0; taken < available; taken++) await this.permits.acquire({ timeoutMs: WATCHDOG_MS })
    check(this.permits.available === 0, 'there are more permits than there were')
    this.#own += available
    return available
  }
}

/** The victim gets a permit while it waits. */
class GrantingSurvivor extends SemaphoreSurvivor {
  async during(victim: Victim): Promise<void> {
    await untilAsleep(this.region, victim, BLOCKED)
    this.release(1)
  }
}

/** The victim waits for a notification, which the survivor gives. */
class NotifyingSurvivor extends MutexSurvivor {
  async during(victim: Victim): Promise<void> {
    await untilAsleep(this.region, victim, BLOCKED)
    await this.#notify()
  }

  override async settle(death: Death): Promise<string> {
    const { lock, changed } = this.locks
    const outcome = await super.settle(death)
    // A wait of somebody else is notified as before.
    const waiting = changed.wait(lock, await lock.lock({ timeoutMs: WATCHDOG_MS }), {
      timeoutMs: WATCHDOG_MS,
    })
    await this.#notifyUntil(waiting)
    return outcome
  }

  async #notify(): Promise<void> {
    const { lock, changed } = this.locks
    const held = await lock.lock({ timeoutMs: WATCHDOG_MS })
    changed.notify()
    held.unlock()
  }

  /** A notification may be for the dead one, who waited before. */
  async #notifyUntil(waiting: Promise<HeldMutex>): Promise<void> {
    let isOver = false
    const held = waiting.then((again) => {
      isOver = true
      return again
    })
    for (let times = 0; !isOver && times < 2; times++) {
      await this.#notify()
      await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 50))])
    }
    ;(await held).unlock()
  }
}

/** The survivor waits for a notification, which the victim gives. */
class NotifiedSurvivor extends MutexSurvivor {
  #waiting: Promise<HeldMutex> | undefined

  override async prepare(): Promise<LockArgs> {
    const { lock, changed } = this.locks
    this.#waiting = changed.wait(lock, await lock.lock({ timeoutMs: WATCHDOG_MS }), {
      timeoutMs: WATCHDOG_MS,
    })
    await untilFastAsleep(this.region)
    return this.args
  }

  override async settle(death: Death): Promise<string> {
    let isOver = false
    const held = (this.#waiting as Promise<HeldMutex>).then((again) => {
      isOver = true
      again.unlock()
    })
    // What was granted is seen by a sleeper's own look.
    await Promise.race([held, new Promise((resolve) => setTimeout(resolve, 60))])
    const wasNotified = isOver
    if (!wasNotified) this.locks.changed.notify()
    await held
    if (death.step === undefined) check(wasNotified, 'not notified by one who ended in order')
    await super.settle(death)
    return wasNotified ? 'notified' : 'not notified'
  }
}

const scenario = (
  structure: string,
  name: string,
  operation: string,
  begin: Scenario['begin'],
  only: RegExp = /./,
): Scenario => ({ structure, name, operation, only, begin })

export const lockScenarios: readonly Scenario[] = [
  scenario('mutex', 'lock and unlock', 'mutex.lockSync', (place) => new MutexSurvivor(place)),
  scenario('mutex', 'lock and unlock in the event loop', 'mutex.lock', (place) => new MutexSurvivor(place)),
  scenario(
    'mutex',
    'block until it is granted',
    'mutex.lockSync',
    (place) => new ContendedMutex(place, BLOCKED, true),
  ),
  scenario(
    'mutex',
    'wait in the event loop until it is granted',
    'mutex.lock',
    (place) => new ContendedMutex(place, PARKED, true),
  ),
  scenario(
    'mutex',
    'give up',
    'mutex.lockSync, give up',
    (place) => new ContendedMutex(place, BLOCKED, false),
    GIVING_UP,
  ),
  scenario('mutex', 'unlock, a survivor waits', 'mutex.unlock', (place) => new WaitingForMutex(place)),
  scenario('mutex', 'close while held', 'mutex.close while held', (place) => new MutexSurvivor(place)),
  scenario(
    'semaphore',
    'acquire and release',
    'semaphore.acquire',
    (place) => new SemaphoreSurvivor(place, false),
  ),
  scenario(
    'semaphore',
    'block until it is granted',
    'semaphore.acquire',
    (place) => new GrantingSurvivor(place, true),
  ),
  scenario(
    'semaphore',
    'give up',
    'semaphore.acquire, give up',
    (place) => new SemaphoreSurvivor(place, true),
    GIVING_UP,
  ),
  scenario('condition', 'wait', 'condition.waitSync', (place) => new NotifyingSurvivor(place)),
  scenario('condition', 'notify', 'condition.notify', (place) => new NotifiedSurvivor(place)),
  scenario('condition', 'notify all', 'condition.notifyAll', (place) => new NotifiedSurvivor(place)),
]
