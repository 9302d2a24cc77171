import { type Durability, IpcError, type IpcErrorCode, type Peer } from '@ipc/core'
import { type Authorize, isName, QUEUE_OPERATIONS, type QueueOperation } from './access.js'
import type { Command, CommandSink, QueueEvent } from './commands.js'
import { safest } from './durability.js'
import type { EngineClient, QueueEngine } from './engine.js'
import type { Demand, EventSink, HostedQueue, WaitingSend } from './hosted-queue.js'
import type { HostedTopic } from './hosted-topic.js'
import { Outbox } from './outbox.js'
import type { QueueSettings } from './queue-settings.js'
import type { StoredMessage } from './queue-store.js'
import { atMost, checked, checkSize, denied, fits, full, leaseOver, Refusal } from './refusal.js'
import type { Handle } from './session-handle.js'
import { publish, sendDropping, settle, settleEach, transact } from './session-steps.js'
import type { Sent } from './state-machine.js'
import { checkPattern, checkSubject } from './topic-pattern.js'
import { WaitingCalls } from './waiting-calls.js'

/** Bounds what one client can make the engine keep. */
const MAX_HANDLES = 4096
/** A listing is one event: it must not grow beyond what a connection carries. */
const MAX_LISTED_BYTES = 4 * 2 ** 20

type CommandOf<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>

/** One client of the engine: what it has opened, what it waits for. */
export class Session implements CommandSink, EngineClient, EventSink {
  readonly #engine: QueueEngine
  readonly #peer: Peer
  readonly #authorize: Authorize
  readonly #onEvents: (events: readonly QueueEvent[]) => void
  readonly #onEnd: (error: IpcError) => void
  readonly #handles = new Map<number, Handle>()
  readonly #handleOf = new Map<number, number>()
  readonly #waiting = new WaitingCalls()
  readonly #outbox = new Outbox()
  #isOver = false

  /**
   * @param onEvents - Called with what came of commands, in order.
   * @param onEnd - Called when the engine ends before the session does.
   */
  constructor(
    engine: QueueEngine,
    peer: Peer,
    authorize: Authorize,
    onEvents: (events: readonly QueueEvent[]) => void,
    onEnd: (error: IpcError) => void,
  ) {
    this.#engine = engine
    this.#peer = peer
    this.#authorize = authorize
    this.#onEvents = onEvents
    this.#onEnd = onEnd
    engine.add(this)
  }

  /** @param commands - Are asked for once it is the turn of this engine, if others have the store too. */
  execute(commands: Iterable<Command>): void {
    if (this.#isOver) return
    this.#engine.run(this, (now) => {
      for (const command of commands) this.#execute(command, now)
    })
  }

  /** The client is gone: what it had goes back at once. @param died - Without having closed what it had opened. */
  leave(died: boolean): void {
    if (this.#isOver) return
    this.#engine.run(this, (now) => {
      for (const handle of [...this.#handles.keys()]) this.#close(handle, died, now)
    })
    this.#isOver = true
    this.#engine.remove(this)
  }

  /** Let the client know that nothing more is answered, before it is left. */
  tellClosed(): void {
    this.#onEnd(new IpcError('IPC_CLOSED', 'the broker serves this peer no more'))
  }

  /** Whether a request gets one delivery, not a stream of them. */
  isReceive(request: number): boolean {
    return this.#waiting.get(request)?.demand?.goesOn !== true
  }

  /** @param durability - How safe it has to be before the client hears of it. In a store in memory nothing is. */
  emit(event: QueueEvent, durability: Durability = 'os'): void {
    const level = this.#engine.store.durability === 'memory' ? 'os' : durability
    if (this.#outbox.add(event, level)) this.#engine.tell(this)
    if (event.kind !== 'lost') this.#waiting.answered(event.request)
  }

  flush(reached: Durability): boolean {
    const events = this.#outbox.take(reached)
    if (events.length > 0 && !this.#isOver) this.#onEvents(events)
    return this.#outbox.waitsForDisk
  }

  leaseLost(owner: number, { seq, epoch }: StoredMessage): void {
    const handle = this.#handleOf.get(owner)
    if (handle === undefined) return
    this.emit({ kind: 'lost', handle, seq, epoch })
    // Whoever does not keep up, or hangs, is not the one to have it again. Credit says that somebody takes messages.
    const { queue } = this.#handles.get(handle) as Handle
    for (const demand of this.#waiting.streamsOf(handle)) queue?.removeDemand(demand)
  }

  end(error: IpcError): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#onEnd(error)
  }

  #execute(command: Command, now: number): void {
    try {
      this.#carryOut(command, now)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      this.#fail(command.request, error.code, error.message)
    }
  }

  #carryOut(command: Command, now: number): void {
    switch (command.kind) {
      case 'send':
        this.#send(command, now)
        return
      case 'settle':
        this.#settle(command, now)
        return
      case 'settle-each':
        this.#settleEach(command, now)
        return
      case 'receive':
      case 'consume':
        this.#demand(command, now)
        return
      case 'credit':
        this.#credit(command, now)
        return
      case 'cancel':
        this.#cancel(command.request)
        return
      case 'open':
        this.#open(command)
        return
      case 'close':
        this.#done(command.request, 0, this.#close(command.handle, false, now))
        return
      case 'inquire':
        this.#inquire(command, now)
        return
      case 'transact':
        this.#transact(command, now)
        return
      case 'publish':
        this.#publish(command, now)
        return
      case 'bind':
        this.#bind(command)
        return
      case 'unbind': {
        const topic = this.#topic(command.handle, 'manage')
        const isBound = topic.bindings.delete(command.queue)
        if (isBound) this.#engine.saveTopic(topic)
        this.#done(command.request, isBound ? 1 : 0, this.#handles.get(command.handle)?.durability)
        return
      }
    }
  }

  #open({ request, handle, what, name, create, durability }: CommandOf<'open'>): void {
    if (!isName(name)) throw new Refusal('IPC_PROTOCOL', 'this cannot name a queue or topic')
    if (this.#handles.has(handle)) throw new Refusal('IPC_PROTOCOL', `handle ${handle} is in use`)
    if (this.#handles.size >= MAX_HANDLES) {
      throw new Refusal('IPC_QUEUE_FULL', `a client has at most ${MAX_HANDLES} queues and topics open`)
    }
    const may = new Set(QUEUE_OPERATIONS.filter((operation) => this.#isAllowed(operation, what, name)))
    if (may.size === 0) throw new Refusal('IPC_PERMISSION_DENIED', `${what} ${name} is not for this peer`)
    const found = what === 'queue' ? this.#engine.queue(name) : this.#engine.topic(name)
    if (found === undefined && create === undefined) {
      throw new Refusal(
        'IPC_CONNECT_FAILED',
        `there is no ${what} ${name}: the broker declares it, or create does`,
      )
    }
    if (found === undefined && !may.has('create')) {
      throw new Refusal('IPC_PERMISSION_DENIED', `this peer may not create ${what} ${name}`)
    }
    const queue = what === 'queue' ? this.#declare(name, create) : undefined
    const topic = what === 'topic' ? this.#engine.declareTopic(name) : undefined
    const owner = this.#engine.addOwner(this)
    const offered = this.#engine.store.durability
    this.#handles.set(handle, { queue, topic, owner, may, durability: durability ?? offered })
    this.#handleOf.set(owner, handle)
    this.emit({ kind: 'opened', request, durability: offered })
  }

  #declare(name: string, settings: QueueSettings | undefined): HostedQueue {
    return checked(() => this.#engine.declareQueue(name, settings))
  }

  #isAllowed(operation: QueueOperation, kind: 'queue' | 'topic', name: string): boolean {
    try {
      return this.#authorize(this.#peer, { operation, kind, name }) === true
    } catch {
      return false
    }
  }

  /** Returns how safe what was done with it had to be. */
  #close(id: number, died: boolean, now: number): Durability | undefined {
    const handle = this.#handles.get(id)
    if (handle === undefined) return undefined
    for (const request of this.#waiting.cancelOf(id)) this.#fail(request, 'IPC_CLOSED', 'the queue is closed')
    if (handle.queue !== undefined) {
      this.#engine.touch(handle.queue, now).machine.releaseOwner(handle.owner, died, now)
    }
    this.#engine.removeOwner(handle.owner)
    this.#handles.delete(id)
    this.#handleOf.delete(handle.owner)
    return handle.durability
  }

  #send({ request, handle: id, messages }: CommandOf<'send'>, now: number): void {
    const { queue, durability } = this.#handle(id, 'send')
    const receipts: Sent[] = []
    const safe = safest(messages.map((message) => message.durability ?? durability))
    const done = (): void => this.emit({ kind: 'sent', request, receipts }, safe)
    this.#admit(request, id, this.#engine.touch(queue, now), { messages, receipts, done }, now)
  }

  /** Let a queue have messages, as it is set up. */
  #admit(request: number, id: number, queue: HostedQueue, sending: WaitingSend, now: number): void {
    const { messages } = sending
    for (const { bytes } of messages) checkSize(queue, bytes)
    const { settings } = queue
    if (settings.whenFull === 'drop-oldest') {
      sendDropping(queue, sending, now)
      sending.done()
      return
    }
    if (settings.whenFull === 'reject' && !fits(queue, messages, now)) throw full(queue)
    queue.sendInTurn(sending, now)
    if (sending.receipts.length === messages.length) return
    const bytes = messages.reduce((sum, message) => sum + message.bytes, 0)
    this.#waiting.add(request, {
      handle: id,
      bytes,
      demand: undefined,
      cancel: () => (queue.stopSending(sending) ? sending.receipts.length : -1),
    })
  }

  #demand(command: CommandOf<'receive'> | CommandOf<'consume'>, now: number): void {
    const { request, handle: id, leaseMs } = command
    const { queue, owner } = this.#handle(id, 'receive')
    this.#engine.touch(queue, now)
    const goesOn = command.kind === 'consume'
    const demand: Demand = {
      client: this,
      request,
      handle: id,
      owner,
      leaseMs: leaseMs > 0 ? leaseMs : queue.settings.leaseMs,
      goesOn,
      credit: Math.max(1, goesOn ? command.prefetch : command.max),
      batch: [],
      batchBytes: 0,
    }
    // What is there goes to those who have waited first.
    if (!goesOn && !command.wait && (queue.isAwaited || queue.table.counts.ready === 0)) queue.pump(now)
    if (!goesOn && !command.wait && queue.table.counts.ready === 0) {
      this.emit({ kind: 'cancelled', request, queued: 0 })
      return
    }
    queue.addDemand(demand)
    if (!goesOn) {
      queue.pump(now)
      if (demand.credit < Math.max(1, command.max)) return
    }
    this.#waiting.add(request, {
      handle: id,
      bytes: 0,
      demand,
      cancel: () => (queue.removeDemand(demand) || goesOn ? 0 : -1),
    })
  }

  #credit({ request, count }: CommandOf<'credit'>, now: number): void {
    const waiting = this.#waiting.get(request)
    if (waiting?.demand === undefined) return
    const { demand, handle } = waiting
    const queue = this.#engine.touch(this.#handles.get(handle)?.queue as HostedQueue, now)
    demand.credit += count
    if (demand.credit > 0) queue.addDemand(demand)
  }

  #cancel(request: number): void {
    const queued = this.#waiting.cancel(request)
    // Otherwise its answer is on its way.
    if (queued >= 0) this.emit({ kind: 'cancelled', request, queued })
  }

  #settle(command: CommandOf<'settle'>, now: number): void {
    const { queue, owner, durability } = this.#handle(command.handle, 'receive')
    this.#engine.touch(queue, now)
    const safe = command.action === 'ack' || command.action === 'dead-letter' ? durability : 'os'
    if (settle(queue, owner, command, now)) this.#done(command.request, 0, safe)
    else throw leaseOver(command)
  }

  #settleEach({ request, handle, action, leases }: CommandOf<'settle-each'>, now: number): void {
    const { queue, owner, durability } = this.#handle(handle, 'receive')
    const late = settleEach(this.#engine.touch(queue, now), owner, action, leases, now)
    if (request !== 0) this.emit({ kind: 'settled', request, late }, action === 'ack' ? durability : 'os')
  }

  #inquire({ request, handle, what, count }: CommandOf<'inquire'>, now: number): void {
    const looks = what === 'stats' || what === 'peek' || what === 'dead-letters'
    const { queue, durability } = this.#handle(handle, looks ? 'inspect' : 'manage')
    const { machine, table } = this.#engine.touch(queue, now)
    queue.pump(now)
    if (what === 'stats') this.emit({ kind: 'stats', request, counts: { ...table.counts } })
    else if (what === 'purge') this.#done(request, machine.purge(), durability)
    else if (what === 'purge-dead') this.#done(request, table.removeDead(), durability)
    else if (what === 'redrive') this.#done(request, machine.redrive(count, now), durability)
    else {
      const found = what === 'peek' ? table.readyInOrder(count) : table.deadInOrder(count)
      this.emit({ kind: 'listed', request, messages: atMost(MAX_LISTED_BYTES, found) })
    }
  }

  #transact({ request, settles, sends }: CommandOf<'transact'>, now: number): void {
    const steps = settles.map((step) => ({ step, ...this.#handle(step.handle, 'receive') }))
    const sendings = sends.map((step) => ({ message: step.message, ...this.#handle(step.handle, 'send') }))
    for (const { queue } of [...steps, ...sendings]) this.#engine.touch(queue, now)
    const asked = sendings.map(({ message, durability }) => message.durability ?? durability)
    const safe = safest([...steps.map(({ durability }) => durability), ...asked])
    this.emit({ kind: 'sent', request, receipts: transact(steps, sendings, now) }, safe)
  }

  #publish({ request, handle, subject, message }: CommandOf<'publish'>, now: number): void {
    const topic = this.#topic(handle, 'send')
    const safe = message.durability ?? (this.#handles.get(handle) as Handle).durability
    checked(() => checkSubject(subject))
    const queues = topic
      .queuesFor(subject)
      .flatMap((name) => this.#engine.queue(name) ?? [])
      .map((queue) => this.#engine.touch(queue, now))
    let isDone = false
    const cancel = publish(queues, message, now, () => {
      isDone = true
      this.#done(request, queues.length, safe)
    })
    if (!isDone) this.#waiting.add(request, { handle, bytes: message.bytes, demand: undefined, cancel })
  }

  #bind({ request, handle, queue: name, pattern, create }: CommandOf<'bind'>): void {
    const topic = this.#topic(handle, 'manage')
    if (!isName(name)) throw new Refusal('IPC_PROTOCOL', 'this cannot name a queue')
    if (this.#engine.queue(name) === undefined) {
      if (create === undefined) throw new Refusal('IPC_CONNECT_FAILED', `there is no queue ${name}`)
      if (!this.#isAllowed('create', 'queue', name)) {
        throw new Refusal('IPC_PERMISSION_DENIED', `this peer may not create queue ${name}`)
      }
    } else if (!this.#isAllowed('manage', 'queue', name)) {
      throw new Refusal('IPC_PERMISSION_DENIED', `this peer may not manage queue ${name}`)
    }
    checked(() => checkPattern(pattern))
    this.#declare(name, create)
    if (topic.bind(name, pattern)) this.#engine.saveTopic(topic)
    this.#done(request, 1, this.#handles.get(handle)?.durability)
  }

  #handle(id: number, operation: QueueOperation): Handle & { readonly queue: HostedQueue } {
    const handle = this.#handles.get(id)
    if (handle?.queue === undefined) throw new Refusal('IPC_CLOSED', 'the queue is closed')
    if (!handle.may.has(operation)) throw denied(operation, handle.queue.name)
    return handle as Handle & { readonly queue: HostedQueue }
  }

  #topic(id: number, operation: QueueOperation): HostedTopic {
    const handle = this.#handles.get(id)
    if (handle?.topic === undefined) throw new Refusal('IPC_CLOSED', 'the topic is closed')
    if (!handle.may.has(operation)) throw denied(operation, handle.topic.name)
    // As it is now: others who share the store may have bound queues to it.
    return this.#engine.topic(handle.topic.name) ?? handle.topic
  }

  #done(request: number, value: number, durability?: Durability): void {
    if (request !== 0) this.emit({ kind: 'done', request, value }, durability)
  }

  #fail(request: number, code: IpcErrorCode, message: string): void {
    if (request === 0) return
    this.emit({ kind: 'failed', request, error: new IpcError(code, message).toJSON() })
  }
}
