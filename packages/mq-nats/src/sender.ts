import { IpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs, startTimer } from '@ipc/core/internal'
import type { Msg, NatsConnection } from '@nats-io/transport-node'
import type { ConnectionWatch } from './connection-watch.js'
import { type ApiFailure, failure, isFull, isGone, isOutOfTurn, refusal, unknownFate } from './failure.js'
import type { OutgoingEntry, Receipt, SendGroup } from './outgoing-entry.js'
import { comesAfter, headersOf, NEVER, type Publication, storedBytes } from './publication.js'
import type { Replies } from './replies.js'
import type { RoomBudget } from './room-budget.js'
import { Silence } from './silence.js'

const MAX_WINDOW = 1024
const MAX_WINDOW_BYTES = 8 * 2 ** 20
/** Of messages whose answer is awaited. */
const MAX_UNANSWERED_BYTES = 64 * 2 ** 20
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 100
const UNAVAILABLE_PAUSE_MS = 250
const NO_RESPONDERS = 503
const NO_ROOM = 'there is no room'

/** What a sender is made of. */
export interface SenderInit {
  readonly connection: NatsConnection
  readonly watch: ConnectionWatch
  readonly replies: Replies
  readonly subject: string
  /** Whether a message waits for room in a full stream. */
  readonly waits: boolean
  /** Where the server cannot be left alone with its limits. */
  readonly budget: RoomBudget | undefined
  /** Asks for the stream. */
  look(): Promise<unknown>
  /** How errors name it. */
  readonly name: string
}

/**
 * Puts messages into a stream, many under way at a time, in order, and each once: what was not answered is sent again with the
 * same id, which the server knows.
 *
 * A message that waits for room must not be overtaken by those behind it that are under way already. So each of them is sent
 * with the id of the one before it, and refused by the server when that is not there. Then all that were refused are sent
 * again from the first one on. A queue that does not make its senders wait refuses a message for good, and needs this only
 * within a batch.
 */
export class Sender {
  readonly #init: SenderInit
  #waiting: OutgoingEntry[] = []
  readonly #underWay = new Set<OutgoingEntry>()
  #last: OutgoingEntry | undefined
  #underWayBytes = 0
  #unanswered = 0
  #unansweredBytes = 0
  #again = 0
  #window = MAX_WINDOW
  #pauseMs = FIRST_PAUSE_MS
  #isFull = false
  #isLooking = false
  #isUnavailable = false
  #stopPause: (() => void) | undefined
  /** After a while without any answer, what is under way is sent again. */
  readonly #silence = new Silence({
    isAwaited: () => this.#underWay.size > 0,
    silent: () => {
      for (const { question } of [...this.#underWay]) this.#init.replies.lose(question)
    },
  })
  #ended: IpcError | undefined
  #onIdle: (() => void) | undefined

  constructor(init: SenderInit) {
    this.#init = init
  }

  /**
   * Send a message.
   *
   * @param neverWaits - Reject with `IPC_QUEUE_FULL` when there is no room.
   */
  send(
    publication: Publication,
    options: WaitOptions = {},
    group?: SendGroup,
    neverWaits: boolean = !this.#init.waits,
  ): Promise<Receipt> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    if (signal?.aborted) return Promise.reject(abortedError('send', signal.reason))
    const { wireBytes } = publication
    if (this.#unansweredBytes > 0 && this.#unansweredBytes + wireBytes > MAX_UNANSWERED_BYTES) {
      const what = `${this.#unansweredBytes} bytes wait to be taken by queue ${this.#init.name}`
      return Promise.reject(
        new IpcError('IPC_QUEUE_FULL', `${what}, the limit is ${MAX_UNANSWERED_BYTES}: await send`),
      )
    }
    this.#unansweredBytes += wireBytes
    return new Promise((resolve, reject) => {
      const settled = (): void => {
        entry.isSettled = true
        this.#unansweredBytes -= wireBytes
        stopTimer()
        signal?.removeEventListener('abort', onAbort)
      }
      const entry: OutgoingEntry = {
        publication,
        group,
        neverWaits,
        expired: undefined,
        isTried: false,
        condition: undefined,
        mayBeStored: false,
        isSettled: false,
        question: 0,
        resolve(receipt) {
          settled()
          resolve(receipt)
        },
        reject(error) {
          settled()
          if (group !== undefined) group.failed ??= error
          reject(error)
        },
      }
      const onAbort = (): void => this.#giveUp(entry, abortedError('send', signal?.reason), false)
      const stopTimer = startTimer(timeoutMs, () => {
        const text = `send timed out after ${timeoutMs} ms: queue ${this.#init.name} has no room`
        this.#giveUp(entry, new IpcError('IPC_TIMEOUT', text, { details: { timeoutMs } }), true)
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(entry)
      this.#pump()
    })
  }

  /** A message has left the queue: there may be room. */
  roomMade(): void {
    if (this.#isFull && this.#stopPause !== undefined) this.#resume()
  }

  /** The connection is there again. */
  reconnected(): void {
    this.#resume()
  }

  /** Take no more, give what is there one try; resolves when all of it is settled. */
  async close(why: IpcError): Promise<void> {
    if (this.#ended !== undefined) return
    this.#ended = why
    for (const entry of [...this.#waiting, ...this.#underWay]) this.#giveUp(entry, why, true)
    if (this.#isIdle()) return
    await new Promise<void>((resolve) => {
      this.#onIdle = resolve
    })
  }

  /** The connection is gone. */
  end(why: IpcError): void {
    this.#ended ??= why
    this.#silence.stop()
    this.#stopPause?.()
    this.refuseAll(why)
    this.#onIdle?.()
  }

  /** Nothing of what is there can be sent. */
  refuseAll(why: IpcError): void {
    const entries = [...this.#underWay, ...this.#waiting]
    this.#waiting = []
    for (const entry of entries) {
      this.#underWay.delete(entry)
      this.#init.replies.lose(entry.question)
      if (!entry.isSettled) entry.reject(fateOf(entry, why))
    }
    this.#underWayBytes = 0
    this.#unanswered = 0
    this.#again = 0
  }

  #isIdle(): boolean {
    return this.#underWay.size === 0 && this.#waiting.length === 0
  }

  /** @param triesOnce - What was never sent is, when that is possible now. */
  #giveUp(entry: OutgoingEntry, why: IpcError, triesOnce: boolean): void {
    if (entry.isSettled) return
    if (this.#underWay.has(entry)) {
      // The server decides.
      entry.expired ??= why
    } else if (triesOnce && !entry.isTried && this.#stopPause === undefined && this.#init.watch.isConnected) {
      entry.expired ??= why
    } else {
      this.#waiting = this.#waiting.filter((other) => other !== entry)
      entry.reject(fateOf(entry, why))
      if (this.#isIdle()) this.#onIdle?.()
    }
  }

  #pump(): void {
    // What has to be sent again goes first.
    if (this.#again > 0 || this.#stopPause !== undefined || this.#isLooking) return
    while (
      this.#init.watch.isConnected &&
      this.#waiting.length > 0 &&
      this.#underWay.size < this.#window &&
      this.#underWayBytes < MAX_WINDOW_BYTES
    ) {
      const entry = this.#waiting[0]!
      if (entry.group?.failed !== undefined) {
        this.#waiting.shift()
        entry.reject(entry.group.failed)
        continue
      }
      const bytes = this.#bytesOf(entry)
      // What may be there already was covered before.
      const budget = entry.mayBeStored ? undefined : this.#init.budget
      if (budget?.covers(bytes) === false) {
        void this.#look(bytes)
        return
      }
      entry.condition = budget?.spend(bytes)
      this.#waiting.shift()
      this.#publish(entry)
    }
    if (this.#isIdle()) this.#onIdle?.()
  }

  #publish(entry: OutgoingEntry): void {
    const { connection, replies, subject, waits } = this.#init
    const { publication, group } = entry
    const previous = this.#underWay.size === 0 ? undefined : this.#last
    const isChained = previous !== undefined && (waits || (group !== undefined && previous.group === group))
    const question = replies.expect((reply) => this.#answered(entry, reply))
    try {
      connection.publish(subject, publication.payload, {
        headers: headersOf(publication, [
          isChained ? comesAfter(previous.publication) : undefined,
          entry.condition,
        ]),
        reply: replies.subjectOf(question),
      })
    } catch (error) {
      replies.lose(question)
      entry.reject(failure('send', error) as IpcError)
      return
    }
    entry.isTried = true
    entry.question = question
    if (this.#underWay.size === 0) this.#silence.watch()
    this.#underWay.add(entry)
    this.#underWayBytes += publication.wireBytes
    this.#last = entry
    this.#unanswered++
  }

  #answered(entry: OutgoingEntry, reply: Msg | undefined): void {
    if (!this.#underWay.has(entry)) return
    this.#unanswered--
    if (reply !== undefined) this.#silence.broken()
    if (this.#settle(entry, reply)) {
      this.#underWay.delete(entry)
      this.#underWayBytes -= entry.publication.wireBytes
    } else this.#again++
    if (this.#unanswered === 0 && this.#again > 0) this.#goBack()
    this.#pump()
  }

  /** Returns false when it has to be sent again. */
  #settle(entry: OutgoingEntry, reply: Msg | undefined): boolean {
    if (reply === undefined) {
      entry.mayBeStored ||= entry.condition !== NEVER
      return false
    }
    this.#isUnavailable = reply.headers?.code === NO_RESPONDERS
    if (this.#isUnavailable) return false
    const { error, seq, duplicate } = reply.json<Partial<Receipt> & { readonly error?: ApiFailure }>()
    if (error === undefined) {
      this.#window = Math.min(this.#window + 1, MAX_WINDOW)
      this.#pauseMs = FIRST_PAUSE_MS
      this.#isFull = false
      entry.resolve({ seq: seq!, duplicate: duplicate === true && !isOwnRetry(entry) })
      return true
    }
    if (isOutOfTurn(error)) {
      if (entry.condition === NEVER) {
        this.#refuseNew()
        return this.#refused(entry, NO_ROOM)
      }
      this.#window = Math.max(1, this.#window >> 1)
      return false
    }
    if (isFull(error)) return this.#refused(entry, error.description)
    entry.reject(refusal('send', error))
    return true
  }

  /** All that was under way has been answered, and some of it has to be sent again, in order. */
  #goBack(): void {
    // Whatever the order of the answers.
    const again = [...this.#underWay]
    this.#again = 0
    this.#underWay.clear()
    this.#underWayBytes = 0
    const { isConnected } = this.#init.watch
    const kept = again.filter((entry) => {
      const isOver = this.#isFull || !isConnected || entry.mayBeStored
      const why = entry.group?.failed ?? (isOver ? entry.expired : undefined)
      if (why !== undefined) entry.reject(fateOf(entry, why))
      return why === undefined
    })
    this.#waiting = [...kept, ...this.#waiting]
    if (this.#isUnavailable) void this.#checkThere()
    else if (this.#isFull) this.#pauseWhileFull()
  }

  #bytesOf({ publication }: OutgoingEntry): number {
    return storedBytes(publication, this.#init.subject)
  }

  /** See how much room there is for the first message, once it is known what has become of those before it. */
  async #look(bytes: number): Promise<void> {
    const { budget } = this.#init
    if (this.#underWay.size > 0) return
    this.#isLooking = true
    const problem = await budget?.renew(bytes).catch((error) => error)
    this.#isLooking = false
    if (problem !== undefined) return this.#unavailable(problem)
    this.#pump()
    budget?.expire()
  }

  /** Nobody answers for the stream: it was deleted, or its cluster elects a leader. */
  async #checkThere(): Promise<void> {
    this.#isLooking = true
    const problem = await this.#init.look().catch((error) => error)
    this.#isLooking = false
    this.#isUnavailable = false
    this.#unavailable(problem)
  }

  #unavailable(problem: unknown): void {
    if (isGone(problem)) this.refuseAll(failure('send', problem) as IpcError)
    if (this.#init.watch.isConnected) this.#pause(UNAVAILABLE_PAUSE_MS)
    if (this.#isIdle()) this.#onIdle?.()
  }

  /** There is no room for it: whether that is the end of it. */
  #refused(entry: OutgoingEntry, why: string): boolean {
    if (entry.neverWaits) entry.reject(this.#full(why))
    else if (entry.expired !== undefined) entry.reject(entry.expired)
    else this.#isFull = true
    return entry.isSettled
  }

  /** As there is no room now, what does not wait for it is not tried one by one. */
  #refuseNew(): void {
    this.#waiting = this.#waiting.filter((entry) => {
      if (!entry.neverWaits || !entry.publication.isNew || entry.mayBeStored) return true
      entry.reject(this.#full(NO_ROOM))
      return false
    })
  }

  #pauseWhileFull(): void {
    this.#pause(this.#pauseMs)
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS)
  }

  #pause(ms: number): void {
    this.#stopPause = startTimer(ms, () => this.#resume())
  }

  #resume(): void {
    this.#stopPause?.()
    this.#stopPause = undefined
    this.#pump()
  }

  #full(why: string): IpcError {
    return new IpcError(
      'IPC_QUEUE_FULL',
      `queue ${this.#init.name} is full (${why}): slow down, or make it larger`,
    )
  }
}

/** The server may have stored it already, as what it is: only an id of the application's own tells of another message. */
function isOwnRetry({ mayBeStored }: OutgoingEntry): boolean {
  return mayBeStored
}

function fateOf({ mayBeStored }: OutgoingEntry, why: IpcError): IpcError {
  return mayBeStored ? unknownFate(why) : why
}
