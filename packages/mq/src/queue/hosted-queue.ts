import type { Durability } from '@ipc/core'
import type { QueueEvent, SentOut } from './commands.js'
import type { ResolvedSettings } from './queue-settings.js'
import type { MessageTable, QueueStore, StoredMessage } from './queue-store.js'
import { type NewMessage, type Sent, StateMachine } from './state-machine.js'

/** A batch that is received is one event: it must not grow beyond what a connection carries. */
const MAX_BATCH_BYTES = 4 * 2 ** 20

/** Takes the events of one client. */
export interface EventSink {
  /** @param durability - How safe it has to be before the client hears of it. @default 'os' */
  emit(event: QueueEvent, durability?: Durability): void
}

/** Somebody who waits for messages. */
export interface Demand {
  readonly client: EventSink
  readonly request: number
  readonly handle: number
  readonly owner: number
  readonly leaseMs: number
  /** Whether it goes on when it has got something. */
  readonly goesOn: boolean
  /** How many it may get. */
  credit: number
  /** Got, and not told yet. */
  batch: SentOut[]
  batchBytes: number
}

/** Somebody who waits for room, with what is not in the queue yet. */
export interface WaitingSend {
  readonly messages: readonly NewMessage[]
  readonly receipts: Sent[]
  /** Called when all are in. */
  readonly done: () => unknown
}

/** A queue at work: its rules, and who waits for what. */
export class HostedQueue {
  readonly name: string
  readonly settings: ResolvedSettings
  readonly table: MessageTable
  readonly machine: StateMachine
  /** In the heap of the engine. */
  timerSlot: number = -1
  nextChangeAt: number = Number.POSITIVE_INFINITY
  touched: boolean = false
  /** Others may have changed it: when it has something to do is not known. */
  stale: boolean = false
  // Sets: in order, and quick to leave.
  readonly #demands = new Set<Demand>()
  readonly #senders = new Set<WaitingSend>()
  readonly #delivered: Demand[] = []

  constructor(
    name: string,
    settings: ResolvedSettings,
    store: QueueStore,
    onLost: (message: StoredMessage) => void,
  ) {
    this.name = name
    this.settings = settings
    this.table = store.table(name)
    this.machine = new StateMachine(this.table, settings, () => store.nextId(), onLost)
  }

  /** Whether somebody waits for a message or for room. */
  get isAwaited(): boolean {
    return this.#demands.size > 0 || this.#senders.size > 0
  }

  /** Let others who share the store know who waits. */
  tellWaits(): void {
    this.table.setAwaited(this.#demands.size > 0, this.#senders.size > 0)
  }

  /** Put in what there is room for, in order behind those who wait; the rest waits. */
  sendInTurn(waiting: WaitingSend, now: number): void {
    if (this.#senders.size > 0 || !this.#putIn(waiting, now)) this.#senders.add(waiting)
  }

  /** Returns false when all of it is in the queue by now. */
  stopSending(waiting: WaitingSend): boolean {
    return this.#senders.delete(waiting)
  }

  addDemand(demand: Demand): void {
    this.#demands.add(demand)
  }

  /** Returns false when it does not wait. */
  removeDemand(demand: Demand): boolean {
    return this.#demands.delete(demand)
  }

  /** Let go on whoever can. Of messages that are put in only now nobody hears before these are committed. */
  pump(now: number, deliverAt: Durability = 'os'): void {
    const safe = this.#senders.size > 0 ? 'os' : deliverAt
    for (const waiting of this.#senders) {
      if (!this.#putIn(waiting, now)) break
      this.#senders.delete(waiting)
    }
    this.#deliver(now)
    for (const demand of this.#delivered) {
      const { client, request, handle, batch } = demand
      demand.batch = []
      demand.batchBytes = 0
      client.emit({ kind: 'delivered', request, handle, messages: batch }, safe)
    }
    this.#delivered.length = 0
  }

  #putIn({ messages, receipts, done }: WaitingSend, now: number): boolean {
    const { machine } = this
    while (receipts.length < messages.length) {
      const message = messages[receipts.length]!
      const known = machine.findDuplicate(message, now)
      if (known === undefined && !machine.hasRoom(1, message.bytes)) return false
      receipts.push(known ?? machine.send(message, now))
    }
    done()
    return true
  }

  /** One message to each in turn, so that nobody gets all. */
  #deliver(now: number): void {
    const demands = this.#demands
    for (const demand of demands) {
      do {
        const message = this.machine.claim(demand.owner, demand.leaseMs, now)
        if (message === undefined) {
          if (demand.batch.length > 0 && !demand.goesOn) demands.delete(demand)
          return
        }
        if (demand.batch.push(sentOut(message)) === 1) this.#delivered.push(demand)
        demand.credit--
        demand.batchBytes += message.bytes
        // Whoever does not go on gets what is there, at once.
      } while (
        demand.credit > 0 &&
        (demand.goesOn ? demands.size === 1 : demand.batchBytes < MAX_BATCH_BYTES)
      )
      demands.delete(demand)
      if (demand.credit > 0 && demand.goesOn) demands.add(demand)
    }
  }
}

/** A message as it is now, for a client. */
export function sentOut(message: StoredMessage): SentOut {
  const { seq, epoch, id, attempts, suspect, priority, sentAt, orderingKey, headers, body } = message
  return {
    seq,
    epoch,
    id,
    attempts,
    suspect,
    priority,
    sentAt,
    orderingKey,
    headers,
    body,
    reason: message.reason,
    deadAt: message.state === 'dead' ? message.at : 0,
  }
}
