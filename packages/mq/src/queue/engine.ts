import { type Durability, type IpcError, isIpcError } from '@ipc/core'
import type { Clock, ClockTimer } from './clock.js'
import { HostedQueue } from './hosted-queue.js'
import { HostedTopic } from './hosted-topic.js'
import { Heap } from './memory/heap.js'
import { type QueueSettings, resolveSettings } from './queue-settings.js'
import type { QueueStore, StoredMessage } from './queue-store.js'

/** Whoever has opened queues, as the engine sees it. */
export interface EngineClient {
  /** Hand out the events that have been collected and need no more than that. Returns whether there are others. */
  flush(reached: Durability): boolean
  /** A lease of one of its owners is over. */
  leaseLost(owner: number, message: StoredMessage): void
  /** There will be no more events. */
  end(error: IpcError): void
}

/** Leases in a queue whose owner is gone. */
export interface LostOwner {
  readonly queue: string
  readonly owner: number
}

/**
 * Queues and topics over a store. Everything happens within {@link QueueEngine.run}, or when the clock says so: commands
 * change what they change, then whoever can goes on, then the store commits, and only then is anybody told: at once, or
 * when it is as safe as they asked for.
 */
export class QueueEngine {
  readonly store: QueueStore
  readonly #clock: Clock
  readonly #queues = new Map<string, HostedQueue>()
  readonly #topics = new Map<string, HostedTopic>()
  readonly #clients = new Set<EngineClient>()
  readonly #owners = new Map<number, EngineClient>()
  /** Clients with events to be handed out. */
  readonly #told: EngineClient[] = []
  readonly #touched: HostedQueue[] = []
  readonly #timers = new Heap<'timerSlot', HostedQueue>(
    'timerSlot',
    (a, b) => a.nextChangeAt < b.nextChangeAt,
  )
  #awaited = 0
  #armed: { readonly at: number; readonly timer: ClockTimer } | undefined
  /** Whether the armed timer keeps the process alive: while somebody waits for what it may bring. */
  #keepsAlive = false
  #running = false
  #ended: IpcError | undefined

  constructor(store: QueueStore, clock: Clock) {
    this.store = store
    this.#clock = clock
  }

  get ended(): IpcError | undefined {
    return this.#ended
  }

  /** Do something to queues that {@link QueueEngine.touch} has given. */
  run(client: EngineClient, change: (now: number) => void): void {
    if (this.#ended !== undefined) {
      client.end(this.#ended)
      return
    }
    this.#step(change)
  }

  /**
   * Others may have changed what is in the store: let go on whoever waits here for that. They hear of deliveries before
   * these are committed, while whoever else wants the messages waits.
   */
  refresh(): void {
    if (this.#ended !== undefined) return
    this.#step(() => {}, 'memory')
  }

  /** Owners have died that no client here had: what they had goes back. `find` is asked once nobody else does the same. */
  release(find: () => readonly LostOwner[]): void {
    if (this.#ended !== undefined) return
    this.#step((now) => {
      for (const { queue: name, owner } of find()) {
        const queue = this.queue(name)
        if (queue !== undefined) this.touch(queue, now).machine.releaseOwner(owner, true, now)
      }
    })
  }

  /** A queue about to be asked or changed: it is brought to `now`, and pumped before the end of the run. */
  touch(queue: HostedQueue, now: number): HostedQueue {
    if (!queue.touched) {
      queue.touched = true
      this.#touched.push(queue)
      if (queue.isAwaited) this.#awaited--
      if (queue.stale || queue.nextChangeAt <= now) queue.machine.advance(now)
      queue.stale = false
    }
    return queue
  }

  queue(name: string): HostedQueue | undefined {
    const known = this.#queues.get(name)
    if (known !== undefined) return known
    const json = this.store.definitions.get(`queue:${name}`)
    return json === undefined ? undefined : this.#addQueue(name, JSON.parse(json))
  }

  topic(name: string): HostedTopic | undefined {
    const known = this.#topics.get(name)
    const json = this.store.definitions.get(`topic:${name}`)
    if (json === undefined) return undefined
    const topic = known ?? new HostedTopic(name)
    topic.load(json)
    this.#topics.set(name, topic)
    return topic
  }

  /** Make a queue, or find it as it is. */
  declareQueue(name: string, settings: QueueSettings | undefined): HostedQueue {
    const known = this.queue(name)
    if (known !== undefined) return known
    const queue = this.#addQueue(name, settings)
    this.store.definitions.set(`queue:${name}`, JSON.stringify(settings ?? {}))
    return queue
  }

  declareTopic(name: string): HostedTopic {
    const known = this.topic(name)
    if (known !== undefined) return known
    const topic = new HostedTopic(name)
    this.#topics.set(name, topic)
    this.saveTopic(topic)
    return topic
  }

  saveTopic(topic: HostedTopic): void {
    this.store.definitions.set(`topic:${topic.name}`, topic.save())
  }

  /** A client has got its first event since it was flushed. */
  tell(client: EngineClient): void {
    this.#told.push(client)
  }

  addOwner(client: EngineClient): number {
    const owner = this.store.nextOwner()
    this.#owners.set(owner, client)
    return owner
  }

  removeOwner(owner: number): void {
    this.#owners.delete(owner)
  }

  add(client: EngineClient): void {
    this.#clients.add(client)
  }

  remove(client: EngineClient): void {
    this.#clients.delete(client)
  }

  end(error: IpcError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#armed?.timer.cancel()
    for (const client of this.#clients) client.end(error)
    this.#clients.clear()
    this.store.close()
  }

  #addQueue(name: string, settings: QueueSettings | undefined): HostedQueue {
    const queue = new HostedQueue(name, resolveSettings(settings), this.store, (message) => {
      this.#owners.get(message.owner)?.leaseLost(message.owner, message)
    })
    queue.nextChangeAt = queue.machine.nextChangeAt()
    this.#queues.set(name, queue)
    return queue
  }

  /**
   * Everything between the store's `begin` and `commit`, and telling of it.
   *
   * @param deliverAt - How safe it is that messages which were there before are leased when their receivers hear of them.
   */
  #step(change: (now: number) => void, deliverAt: Durability = 'os'): void {
    this.#running = true
    try {
      const othersWrote = this.store.begin()
      if (othersWrote) for (const queue of this.#queues.values()) queue.stale = true
      // After that: others may have been at it for a while.
      const now = this.#clock.now()
      change(now)
      if (othersWrote) this.#touchAwaited(now)
      this.#finish(now, deliverAt)
      this.store.commit()
    } catch (error) {
      // What the store keeps and what was said would be two things from now on.
      if (isIpcError(error)) this.end(error)
      else throw error
      return
    } finally {
      this.#running = false
    }
    this.#arm()
    this.#tell()
  }

  /** What others have written may be what somebody waits for here: whoever rings for it has been heard with that. */
  #touchAwaited(now: number): void {
    for (const queue of this.#queues.values()) if (queue.stale && queue.isAwaited) this.touch(queue, now)
  }

  #finish(now: number, deliverAt: Durability): void {
    const touched = this.#touched.splice(0)
    for (const queue of touched) queue.pump(now, deliverAt)
    // Before a durable store is asked for what comes next.
    this.#tellEarly()
    for (const queue of touched) {
      queue.touched = false
      if (queue.isAwaited) this.#awaited++
      queue.tellWaits()
      this.#schedule(queue)
    }
  }

  /** Those who do not want to wait until it is safe. */
  #tellEarly(): void {
    if (this.store.durability !== 'memory') for (const client of this.#told) client.flush('memory')
  }

  #tell(): void {
    const told = this.#told.splice(0)
    let isMore = false
    for (const client of told) if (client.flush('os')) isMore = true
    if (!isMore) return
    try {
      this.store.sync()
    } catch (error) {
      if (isIpcError(error)) this.end(error)
      else throw error
      return
    }
    for (const client of told) client.flush('disk')
  }

  #schedule(queue: HostedQueue): void {
    const at = queue.machine.nextChangeAt()
    const isTimed = queue.timerSlot >= 0
    if (at === queue.nextChangeAt && isTimed) return
    queue.nextChangeAt = at
    if (at === Number.POSITIVE_INFINITY) this.#timers.remove(queue)
    else if (isTimed) this.#timers.update(queue)
    else this.#timers.add(queue)
  }

  /** One timer for all. One that is early does no harm, so that it is not set anew for each change. */
  #arm(): void {
    const at = this.#timers.first()?.nextChangeAt ?? Number.POSITIVE_INFINITY
    if (at < (this.#armed?.at ?? Number.POSITIVE_INFINITY)) {
      this.#armed?.timer.cancel()
      this.#armed = { at, timer: this.#clock.setTimer(at, this.#onTime) }
      this.#keepsAlive = false
    }
    const keepsAlive = this.#awaited > 0
    if (this.#armed === undefined || keepsAlive === this.#keepsAlive) return
    this.#keepsAlive = keepsAlive
    this.#armed.timer.keepAlive(keepsAlive)
  }

  readonly #onTime = (): void => {
    this.#armed = undefined
    if (this.#running || this.#ended !== undefined) return
    this.#step((now) => {
      for (let queue = this.#timers.first(); queue !== undefined && queue.nextChangeAt <= now; ) {
        this.touch(queue, now)
        queue.nextChangeAt = Number.POSITIVE_INFINITY
        this.#timers.remove(queue)
        queue = this.#timers.first()
      }
    })
  }
}
