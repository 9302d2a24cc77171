import type { QueueStats } from '@ipc/core'

/** A message as {@link QueueModel} takes it. */
export interface ModelMessage<Body = unknown> {
  readonly body: Body
  readonly priority?: number | undefined
  readonly delayMs?: number | undefined
  readonly ttlMs?: number | undefined
  readonly deduplicationId?: string | undefined
  readonly orderingKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** A message in a {@link QueueModel}. */
export interface ModelEntry<Body = unknown> {
  readonly message: ModelMessage<Body>
  readonly id: number
  readonly sentAt: number
  /** Later messages have higher ones. */
  place: number
  notBefore: number
  expiresAt: number
  lease: { readonly owner: number; readonly epoch: number; deadline: number; started: boolean } | undefined
  epochs: number
  attempts: number
  suspect: boolean
  reason: string | undefined
  deadAt: number
}

/** How a {@link QueueModel} behaves. */
export interface ModelSettings {
  readonly maxMessages: number
  readonly maxBytes: number
  readonly whenFull: 'wait' | 'reject' | 'drop-oldest'
  readonly maxAttempts: number
  readonly backoffFirstMs: number
  readonly backoffMaxMs: number
  readonly deduplicationWindowMs: number
  readonly whenExpired: 'drop' | 'dead-letter'
  readonly maxDeadLetters: number
}

type Entry<Body> = ModelEntry<Body>

/**
 * What a queue does, said as simply as possible: lists that are searched, states that are worked out whenever somebody
 * asks. Slow, and without a word about waiting. The reference for real queues.
 */
export class QueueModel<Body = unknown> {
  readonly settings: ModelSettings
  living: Entry<Body>[] = []
  dead: Entry<Body>[] = []
  known: { readonly deduplicationId: string; readonly id: number; readonly until: number }[] = []
  dropped = 0
  expired = 0
  #nextId = 1
  #nextPlace = 1

  constructor(settings: ModelSettings) {
    this.settings = settings
  }

  /** Let happen what is due; to be called before anything else with the same time. */
  advance(now: number): Entry<Body>[] {
    const ended = this.living
      .filter(({ lease }) => lease !== undefined && lease.deadline <= now)
      .sort((a, b) => a.lease!.deadline - b.lease!.deadline || a.place - b.place)
    for (const entry of ended) this.#release(entry, 0, now)
    const expired = this.living
      .filter((entry) => entry.lease === undefined && entry.expiresAt <= now)
      .sort((a, b) => a.expiresAt - b.expiresAt || a.place - b.place)
    for (const entry of expired) this.#expire(entry, now)
    return ended
  }

  /** Undefined: there is no room. */
  send(message: ModelMessage<Body>, now: number): { id: number; duplicate: boolean } | undefined {
    const known = this.known.find(
      ({ deduplicationId, until }) => deduplicationId === message.deduplicationId && until > now,
    )
    if (known !== undefined) return { id: known.id, duplicate: true }
    while (!this.hasRoomFor([message])) {
      if (this.settings.whenFull !== 'drop-oldest' || !this.#dropOldest(now)) return undefined
    }
    const id = this.#nextId++
    this.#add(
      message,
      id,
      now,
      now + (message.delayMs ?? 0),
      now + (message.ttlMs ?? Number.POSITIVE_INFINITY),
    )
    const { deduplicationId } = message
    if (deduplicationId !== undefined) {
      const until = now + this.settings.deduplicationWindowMs
      this.known = [
        ...this.known.filter((other) => other.deduplicationId !== deduplicationId),
        { deduplicationId, id, until },
      ]
    }
    return { id, duplicate: false }
  }

  hasRoomFor(messages: readonly ModelMessage<Body>[]): boolean {
    const bytes = messages.reduce((sum, { body }) => sum + sizeOf(body), this.bytes)
    return (
      this.living.length + messages.length <= this.settings.maxMessages && bytes <= this.settings.maxBytes
    )
  }

  get bytes(): number {
    return this.living.reduce((sum, { message }) => sum + sizeOf(message.body), 0)
  }

  stats(now: number): QueueStats {
    const states = this.living.map((entry) => this.stateOf(entry, now))
    const count = (state: string): number => states.filter((other) => other === state).length
    return {
      ready: count('ready'),
      delayed: count('delayed'),
      blocked: count('blocked'),
      leased: count('leased'),
      dead: this.dead.length,
      bytes: this.bytes,
      dropped: this.dropped,
      expired: this.expired,
    }
  }

  stateOf(entry: Entry<Body>, now: number): 'ready' | 'delayed' | 'blocked' | 'leased' {
    if (entry.lease !== undefined) return 'leased'
    const key = entry.message.orderingKey
    const isBehind =
      key !== undefined &&
      this.living.some((other) => other.message.orderingKey === key && other.place < entry.place)
    if (isBehind) return 'blocked'
    return entry.notBefore > now ? 'delayed' : 'ready'
  }

  /** The ready messages, in the order of delivery. */
  ready(now: number): Entry<Body>[] {
    return this.living
      .filter((entry) => this.stateOf(entry, now) === 'ready')
      .sort((a, b) => priorityOf(b) - priorityOf(a) || a.place - b.place)
  }

  claim(owner: number, leaseMs: number, now: number): Entry<Body> | undefined {
    const [entry] = this.ready(now)
    if (entry === undefined) return undefined
    entry.epochs++
    entry.lease = { owner, epoch: entry.epochs, deadline: now + leaseMs, started: false }
    return entry
  }

  /** What `owner` has under this lease. */
  held(owner: number, place: number, epoch: number): Entry<Body> | undefined {
    return this.living.find(
      ({ place: own, lease }) => own === place && lease?.owner === owner && lease.epoch === epoch,
    )
  }

  start(owner: number, place: number, epoch: number): boolean {
    const entry = this.held(owner, place, epoch)
    if (entry !== undefined && !entry.lease!.started) this.#start(entry)
    return entry !== undefined
  }

  ack(owner: number, place: number, epoch: number, _now: number): boolean {
    const entry = this.held(owner, place, epoch)
    if (entry !== undefined) this.#remove(entry)
    return entry !== undefined
  }

  nack(owner: number, place: number, epoch: number, delayMs: number | undefined, now: number): boolean {
    const entry = this.held(owner, place, epoch)
    if (entry === undefined) return false
    const { backoffFirstMs, backoffMaxMs } = this.settings
    const backoffMs = Math.min(backoffFirstMs * 2 ** Math.max(0, entry.attempts - 1), backoffMaxMs)
    this.#release(entry, delayMs ?? backoffMs, now)
    return true
  }

  extend(owner: number, place: number, epoch: number, ms: number, now: number): boolean {
    const entry = this.held(owner, place, epoch)
    if (entry !== undefined) entry.lease!.deadline = now + ms
    return entry !== undefined
  }

  deadLetter(owner: number, place: number, epoch: number, reason: string, now: number): boolean {
    const entry = this.held(owner, place, epoch)
    if (entry !== undefined) this.#bury(entry, reason, now)
    return entry !== undefined
  }

  releaseOwner(owner: number, died: boolean, now: number): void {
    for (const entry of [...this.living]) {
      if (entry.lease?.owner !== owner) continue
      if (died) entry.suspect = true
      this.#release(entry, 0, now)
    }
  }

  purge(): number {
    const before = this.living.length
    this.living = this.living.filter(({ lease }) => lease !== undefined)
    return before - this.living.length
  }

  purgeDead(): number {
    const { length } = this.dead
    this.dead = []
    return length
  }

  redrive(max: number, now: number): number {
    let redriven = 0
    while (redriven < max && this.dead.length > 0 && this.hasRoomFor([this.dead[0]!.message])) {
      const { message, id, sentAt } = this.dead.shift()!
      this.#add(message, id, sentAt, now, Number.POSITIVE_INFINITY)
      redriven++
    }
    return redriven
  }

  #add(message: ModelMessage<Body>, id: number, sentAt: number, notBefore: number, expiresAt: number): void {
    this.living.push({
      message,
      id,
      sentAt,
      place: this.#nextPlace++,
      notBefore,
      expiresAt,
      lease: undefined,
      epochs: 0,
      attempts: 0,
      suspect: false,
      reason: undefined,
      deadAt: 0,
    })
  }

  #start(entry: Entry<Body>): void {
    entry.lease!.started = true
    entry.attempts++
    entry.suspect = false
  }

  #release(entry: Entry<Body>, delayMs: number, now: number): void {
    const { started } = entry.lease!
    if (started && entry.attempts >= this.settings.maxAttempts) this.#bury(entry, 'max attempts', now)
    else if (entry.expiresAt <= now) this.#expire(entry, now)
    else {
      entry.lease = undefined
      entry.notBefore = now + delayMs
    }
  }

  #expire(entry: Entry<Body>, now: number): void {
    this.expired++
    if (this.settings.whenExpired === 'dead-letter') this.#bury(entry, 'expired', now)
    else this.#remove(entry)
  }

  #bury(entry: Entry<Body>, reason: string, now: number): void {
    this.#remove(entry)
    entry.lease = undefined
    entry.reason = reason
    entry.deadAt = now
    this.dead.push(entry)
    while (this.dead.length > this.settings.maxDeadLetters) {
      this.dead.shift()
      this.dropped++
    }
  }

  #dropOldest(now: number): boolean {
    const ready = this.ready(now).sort((a, b) => priorityOf(a) - priorityOf(b) || a.place - b.place)
    const delayed = this.living
      .filter((entry) => this.stateOf(entry, now) === 'delayed')
      .sort((a, b) => a.notBefore - b.notBefore || a.place - b.place)
    const oldest = ready[0] ?? delayed[0]
    if (oldest === undefined) return false
    this.#remove(oldest)
    this.dropped++
    return true
  }

  #remove(entry: Entry<Body>): void {
    this.living = this.living.filter((other) => other !== entry)
  }
}

/** What a body counts for: its bytes, or 1. */
export function sizeOf(body: unknown): number {
  return body instanceof Uint8Array ? body.length : 1
}

function priorityOf({ message }: ModelEntry): number {
  return message.priority ?? 0
}
