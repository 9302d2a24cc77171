import { IpcError, type SendReceipt, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs, startTimer } from '@ipc/core/internal'
import type { Command, CommandSink, PlainAction, QueueEvent, SettleAction } from './commands.js'
import { again, GatheredSettles, type SettleWait } from './gathered-settles.js'
import type { LeaseToken, Sent } from './state-machine.js'

/** How long a call that has been given up waits to hear what has become of it. */
const GRACE_MS = 1000
/** Sends without an answer; more are refused at once. */
const MAX_UNANSWERED_BYTES = 64 * 2 ** 20

/** Microtasks without a word before what was settled is said: then whoever takes deliveries one by one is done, too. */
const IDLE_TURNS = 4
/** As much is not gathered before it goes. */
const MAX_GATHERED = 1024

/** `queueMicrotask` of Node makes an asynchronous resource for each call, which costs more than the call. */
const NOW = Promise.resolve()

/** Takes the answer to a request; returns true when another one comes. */
type Answer = (event: QueueEvent | IpcError) => boolean

/** A delivery that is being handled. */
export interface Begun extends LeaseToken {
  readonly handle: number
  readonly isOver: boolean
}

/** Who hears of leases that are over. */
export interface LeaseHolder {
  leaseLost(token: LeaseToken): void
  /** Everything is over. */
  ended(error: IpcError): void
}

/** How a call ends that was given up; see {@link QueueLink.ask}. */
export interface GiveUp<T> {
  readonly what: string
  /** The answer that was cancelled: a value, or an error thrown. */
  cancelled(why: IpcError, queued: number): T
  /** Takes an answer that nobody waits for any more. */
  tooLate?(event: QueueEvent): void
  /** Whether an aborted call rejects without hearing what has become of it. */
  readonly abortsAtOnce: boolean
}

/** All that this program asks of one engine: collects the commands of a tick, and knows who waits for which answer. */
export class QueueLink {
  readonly #sink: CommandSink
  #outbox: Command[] = []
  /** The last command, when more can be said with it. */
  #gathered: GatheredSettles | undefined
  #begun: Begun[] = []
  readonly #answers = new Map<number, Answer>()
  readonly #holders = new Map<number, LeaseHolder>()
  #lastNumber = 0
  #unansweredBytes = 0
  #scheduled = false
  #isUrgent = false
  /** How much has been said since the last flush. */
  #said = 0
  #saidBefore = 0
  #idleTurns = 0
  #ended: IpcError | undefined

  constructor(makeSink: (onEvents: (events: readonly QueueEvent[]) => void) => CommandSink) {
    this.#sink = makeSink(this.#take)
  }

  get ended(): IpcError | undefined {
    return this.#ended
  }

  /** A number for a request or a handle. */
  newNumber(): number {
    return ++this.#lastNumber
  }

  addHolder(handle: number, holder: LeaseHolder): void {
    this.#holders.set(handle, holder)
  }

  removeHolder(handle: number): void {
    this.#holders.delete(handle)
  }

  /** Let a command go with the others of this tick. Nobody hears of its answer. */
  post(command: Command): void {
    if (this.#ended !== undefined) return
    // What it does may depend on what has begun before.
    this.#sayBegun()
    this.#put(command)
  }

  /**
   * Let the engine know, with the others of this tick, that a delivery is being handled; unless it is settled by then, so
   * that what is handled at once costs nothing.
   */
  begin(delivery: Begun, isOneOfMany: boolean): void {
    if (this.#ended !== undefined) return
    this.#begun.push(delivery)
    this.#schedule(isOneOfMany)
  }

  /** Let an answer be heard until it says that no more come. */
  hear(request: number, answer: Answer): void {
    this.#answers.set(request, answer)
  }

  forget(request: number): void {
    this.#answers.delete(request)
  }

  /** Ask and wait for the answer, however long it takes. */
  call<T>(command: Command, read: (event: QueueEvent) => T): Promise<T> {
    if (this.#ended !== undefined) return Promise.reject(again(this.#ended))
    return new Promise((resolve, reject) => {
      this.#answers.set(command.request, (event) => {
        try {
          resolve(read(succeeded(event)))
        } catch (error) {
          reject(error)
        }
        return false
      })
      this.post(command)
    })
  }

  settle(handle: number, action: SettleAction, token: LeaseToken, ms = 0, reason = ''): Promise<void> {
    const request = this.newNumber()
    const { seq, epoch } = token
    return this.call({ kind: 'settle', request, handle, action, seq, epoch, ms, reason }, () => {})
  }

  /** Settle a delivery with the others of this tick. `wait` hears of it, if it is given. */
  settlePlainly(handle: number, action: PlainAction, token: LeaseToken, wait?: SettleWait): void {
    if (this.#ended !== undefined) {
      wait?.reject(again(this.#ended))
      return
    }
    let gathered = this.#gathered
    if (gathered?.handle !== handle || gathered.action !== action || gathered.isFull) {
      gathered = new GatheredSettles(handle, action)
      this.#put(gathered)
      this.#gathered = gathered
    } else this.#said++
    if (wait !== undefined && gathered.request === 0) {
      const said = gathered
      gathered.request = this.newNumber()
      this.#answers.set(gathered.request, (event) => {
        said.answer(event)
        return false
      })
    }
    gathered.add(token, wait)
  }

  /** As {@link QueueLink.call}, until the signal or the time says stop. */
  ask<T>(
    command: Command,
    options: WaitOptions,
    read: (event: QueueEvent) => T,
    giveUp: GiveUp<T>,
  ): Promise<T> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (signal?.aborted) return Promise.reject(abortedError(giveUp.what, signal.reason))
    if (signal === undefined && timeoutMs === Number.POSITIVE_INFINITY) return this.call(command, read)
    if (this.#ended !== undefined) return Promise.reject(again(this.#ended))
    return new Promise((resolve, reject) => {
      let why: IpcError | undefined
      let isSettled = false
      let stopGrace = (): void => {}
      const settle = (outcome: () => T): void => {
        if (isSettled) return
        isSettled = true
        stopTimer()
        stopGrace()
        signal?.removeEventListener('abort', onAbort)
        try {
          resolve(outcome())
        } catch (error) {
          reject(error)
        }
      }
      const stop = (error: IpcError, atOnce: boolean): void => {
        if (why !== undefined || isSettled) return
        why = error
        this.post({ kind: 'cancel', request: command.request })
        if (atOnce) settle(() => giveUp.cancelled(error, 0))
        else stopGrace = startTimer(GRACE_MS, () => settle(() => giveUp.cancelled(unknownFate(error), 0)))
      }
      const onAbort = (): void => stop(abortedError(giveUp.what, signal?.reason), giveUp.abortsAtOnce)
      const stopTimer = startTimer(timeoutMs, () => stop(timeoutError(giveUp.what, timeoutMs), false))
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#answers.set(command.request, (event) => {
        const isCancelled = 'kind' in event && event.kind === 'cancelled'
        if (isSettled) {
          if ('kind' in event && !isCancelled) giveUp.tooLate?.(event)
        } else if (isCancelled) {
          settle(() => giveUp.cancelled(why ?? timeoutError(giveUp.what, timeoutMs), event.queued))
        } else settle(() => read(succeeded(event)))
        return false
      })
      this.post(command)
    })
  }

  /** Count what is sent and not answered. @throws IpcError `IPC_QUEUE_FULL` when it is too much. */
  admit(bytes: number): void {
    if (this.#unansweredBytes + bytes > MAX_UNANSWERED_BYTES && this.#unansweredBytes > 0) {
      throw new IpcError(
        'IPC_QUEUE_FULL',
        `${this.#unansweredBytes} bytes wait to be taken by queues, the limit is ${MAX_UNANSWERED_BYTES}: await send`,
      )
    }
    this.#unansweredBytes += bytes
  }

  answered(bytes: number): void {
    this.#unansweredBytes -= bytes
  }

  /** Nothing more can be asked: everybody hears of it. */
  end(error: IpcError): void {
    if (this.#ended !== undefined) return
    this.#ended = error
    this.#outbox = []
    const answers = [...this.#answers.values()]
    this.#answers.clear()
    for (const answer of answers) answer(again(error))
    const holders = [...this.#holders.values()]
    this.#holders.clear()
    for (const holder of holders) holder.ended(error)
  }

  #put(command: Command): void {
    this.#gathered = undefined
    this.#outbox.push(command)
    this.#schedule(command.kind === 'settle-each')
  }

  #sayBegun(): void {
    const begun = this.#begun
    if (begun.length === 0) return
    this.#begun = []
    for (const delivery of begun) {
      if (!delivery.isOver) this.settlePlainly(delivery.handle, 'start', delivery)
    }
  }

  /** @param mayWait - For more of the same, while microtasks go on. */
  #schedule(mayWait: boolean): void {
    this.#said++
    if (!mayWait) this.#isUrgent = true
    if (this.#scheduled) return
    this.#scheduled = true
    void NOW.then(this.#turn)
  }

  /** What is settled in the microtasks that follow goes with it, as long as they go on. */
  readonly #turn = (): void => {
    const isIdle = this.#said === this.#saidBefore
    this.#idleTurns = isIdle ? this.#idleTurns + 1 : 0
    this.#saidBefore = this.#said
    if (this.#isUrgent || this.#idleTurns >= IDLE_TURNS || this.#said >= MAX_GATHERED) this.#flush()
    else void NOW.then(this.#turn)
  }

  #flush(): void {
    this.#sayBegun()
    const commands = this.#outbox
    this.#outbox = []
    this.#gathered = undefined
    this.#scheduled = false
    this.#isUrgent = false
    this.#said = 0
    this.#saidBefore = 0
    this.#idleTurns = 0
    if (this.#ended === undefined && commands.length > 0) this.#sink.execute(commands)
  }

  readonly #take = (events: readonly QueueEvent[]): void => {
    for (const event of events) {
      if (event.kind === 'failed' && event.request === 0) this.end(IpcError.fromJSON(event.error))
      else if (event.kind === 'lost') this.#holders.get(event.handle)?.leaseLost(event)
      else {
        const { request } = event
        const answer = this.#answers.get(request)
        if (answer !== undefined && !answer(event)) this.#answers.delete(request)
      }
    }
  }
}

/** @throws the error that an answer is. */
export function succeeded(event: QueueEvent | IpcError): QueueEvent {
  if (!('kind' in event)) throw event
  if (event.kind === 'failed') throw IpcError.fromJSON(event.error)
  return event
}

function timeoutError(what: string, timeoutMs: number): IpcError {
  return new IpcError('IPC_TIMEOUT', `${what} timed out after ${timeoutMs} ms`, { details: { timeoutMs } })
}

function unknownFate({ code, message, cause }: IpcError): IpcError {
  return new IpcError(code, `${message}; the broker did not say whether it came too late`, {
    cause,
    details: { fate: 'unknown' },
  })
}

/** What the application gets for what was sent. */
export function receiptOf({ id, duplicate }: Sent, durability: SendReceipt['durability']): SendReceipt {
  return { id: String(id), durability, duplicate }
}
