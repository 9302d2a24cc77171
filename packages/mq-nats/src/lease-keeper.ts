import { IpcError } from '@ipc/core'
import type { ResolvedSettings } from '@ipc/mq/internal'
import type { Msg } from '@nats-io/transport-node'
import type { DeadLetters } from './dead-letters.js'
import { Lease, type LeaseOwner } from './lease.js'
import { LeaseClock } from './lease-clock.js'
import { ackWaitMs } from './queue-config.js'
import { ACK, IN_PROGRESS, nak, type Settler, TERM } from './settler.js'

const MAX_ATTEMPTS = 'max attempts'
export const SETTLED: IpcError = new IpcError('IPC_LEASE_LOST', 'this delivery has been settled before')

/** What a {@link LeaseKeeper} is made of. */
export interface LeaseKeeperInit {
  readonly settings: ResolvedSettings
  readonly settler: Settler
  readonly deadLetters: DeadLetters
  /** A message has left the queue. */
  onGone(): void
}

/** The messages of a queue that are ours, and what becomes of them. */
export class LeaseKeeper implements LeaseOwner {
  readonly ackWaitMs: number
  readonly #init: LeaseKeeperInit
  readonly #clock = new LeaseClock()

  constructor(init: LeaseKeeperInit) {
    this.#init = init
    this.ackWaitMs = ackWaitMs(init.settings)
  }

  /** A message has come; `undefined` when it came too often and is a dead letter now. */
  take(message: Msg, leaseMs: number | undefined): Lease | undefined {
    const { settings } = this.#init
    const lease = new Lease(this, message, leaseMs ?? settings.leaseMs)
    if (lease.attempt > settings.maxAttempts) {
      this.quietly(this.bury(lease, MAX_ATTEMPTS, settings.maxAttempts))
      return undefined
    }
    this.#clock.add(lease)
    return lease
  }

  /** @throws IpcError `IPC_LEASE_LOST` when the server did not confirm it while the lease lasted. */
  async ack(lease: Lease): Promise<void> {
    this.#end(lease)
    if (!(await this.#init.settler.confirm(lease.reply, ACK, () => lease.leftMs)))
      throw unconfirmed('acknowledge')
    this.#init.onGone()
  }

  ackQuietly(lease: Lease): void {
    this.#end(lease)
    this.#init.settler.say(lease.reply, ACK)
    this.#init.onGone()
  }

  /** Back into the queue; a dead letter after the last attempt. What is not confirmed comes back by itself. */
  async nack(lease: Lease, delayMs: number): Promise<void> {
    if (lease.attempt >= this.#init.settings.maxAttempts) return this.bury(lease, MAX_ATTEMPTS, lease.attempt)
    await this.release(lease, delayMs)
  }

  /** As `nack`, after the queue's backoff. */
  retry(lease: Lease): Promise<void> {
    const { backoffFirstMs, backoffMaxMs } = this.#init.settings
    return this.nack(lease, Math.min(backoffFirstMs * 2 ** (lease.attempt - 1), backoffMaxMs))
  }

  /** Back into the queue, however often it came. */
  async release(lease: Lease, delayMs = 0): Promise<void> {
    this.#end(lease)
    await this.#init.settler.confirm(lease.reply, nak(delayMs), () => lease.leftMs)
  }

  /** It ends so many milliseconds from now, if not before. */
  limit(lease: Lease, ms: number): void {
    lease.limit(ms)
    this.#clock.changed(lease)
  }

  async extend(lease: Lease, ms: number): Promise<void> {
    lease.extend(ms)
    this.#clock.changed(lease)
    if (!(await this.#init.settler.confirm(lease.reply, IN_PROGRESS, () => lease.leftMs)))
      throw unconfirmed('extend')
  }

  /** A dead letter: first there, then no longer here, so that it is not lost in between; a second time it is the same one. */
  async bury(lease: Lease, reason: string, attempts: number = lease.attempt): Promise<void> {
    this.#end(lease)
    const { deadLetters, settler, onGone } = this.#init
    await deadLetters.add(lease, reason, attempts)
    if (!(await settler.confirm(lease.reply, TERM, () => lease.leftMs))) throw unconfirmed('give up')
    onGone()
  }

  /** Nobody waits for what comes of it: the message comes back when nothing does. */
  quietly(work: Promise<void>): void {
    this.#init.settler.track(work).catch(() => {})
  }

  renew(lease: Lease): void {
    this.#init.settler.say(lease.reply, IN_PROGRESS)
  }

  timedOut(lease: Lease): void {
    this.quietly(this.nack(lease, 0))
  }

  /** Give back all that is not settled, and wait until the server knows what was said. */
  async close(why: IpcError): Promise<void> {
    const leases = this.#clock.takeAll()
    for (const lease of leases) {
      lease.lose(why)
      this.quietly(this.nack(lease, 0))
    }
    await this.#init.settler.settled()
  }

  /** Nothing can be said about any of them any more. */
  loseAll(why: IpcError): void {
    for (const lease of this.#clock.takeAll()) lease.lose(why)
  }

  #end(lease: Lease): void {
    this.#clock.remove(lease)
    lease.end(SETTLED)
  }
}

function unconfirmed(what: string): IpcError {
  return new IpcError(
    'IPC_LEASE_LOST',
    `the server did not confirm in time: could not ${what}; the message may come again`,
    { details: { fate: 'unknown' } },
  )
}
