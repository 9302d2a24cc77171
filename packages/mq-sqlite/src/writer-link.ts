import type { Worker } from 'node:worker_threads'
import { IpcError } from '@ipc/core'
import {
  type Command,
  type CommandSink,
  decodeBatch,
  encodeBatches,
  type QueueEvent,
  QueueLink,
  readEvent,
  writeCommand,
} from '@ipc/mq/internal'
import { startWriter } from './start-writer.js'
import type { FromWriter, ToWriter } from './writer-messages.js'

const NOTHING = new Uint8Array(0)
const links = new Map<string, QueueLink>()

/**
 * The link to the writer of a directory: one for all queues that this thread has open there. The writer starts with the first
 * and ends with the last one.
 */
export function linkTo(directory: string): QueueLink {
  const known = links.get(directory)
  if (known !== undefined) return known
  const forget = (): void => {
    if (links.get(directory) === link) links.delete(directory)
  }
  const link: QueueLink = new QueueLink((onEvents) => {
    const end = (error: IpcError): void => {
      forget()
      link.end(error)
    }
    return new WriterLink(() => startWriter(directory), onEvents, end, forget)
  })
  links.set(directory, link)
  return link
}

/** An engine in a thread of its own. The process waits for it while something is to come from there. */
export class WriterLink implements CommandSink {
  readonly #start: () => Worker
  #worker: Worker | undefined
  readonly #onEvents: (events: readonly QueueEvent[]) => void
  readonly #onEnd: (error: IpcError) => void
  readonly #onLast: () => void
  /** Requests without an answer. */
  readonly #asked = new Set<number>()
  /** Those of them that have many answers. */
  readonly #streams = new Set<number>()
  /** Requests that open something, and what that will be. */
  readonly #opening = new Map<number, number>()
  readonly #open = new Set<number>()
  /** Batches of which it is not known whether they are done with. */
  #unconfirmed = 0
  #isHeld = false
  #isOver = false
  /** What came after nothing more could be asked. */
  readonly #last: FromWriter[] = []

  /** @param onLast - Called when nothing more can be asked, since the last queue is being closed. */
  constructor(
    start: () => Worker,
    onEvents: (events: readonly QueueEvent[]) => void,
    onEnd: (error: IpcError) => void,
    onLast: () => void,
  ) {
    this.#start = start
    this.#onEvents = onEvents
    this.#onEnd = onEnd
    this.#onLast = onLast
  }

  execute(commands: readonly Command[]): void {
    if (!this.#isStarted()) return
    let asks = false
    for (const command of commands) if (this.#note(command)) asks = true
    const batches = encodeBatches(commands, writeCommand)
    const last = this.#isLast()
    for (const [at, { bytes }] of batches.entries()) {
      const isEnd = at === batches.length - 1
      this.#post({ bytes, confirm: isEnd && !asks, last: isEnd && last })
    }
    this.#hold()
  }

  /** Not before there is something to do: a call may be refused at once. Returns whether there is a writer. */
  #isStarted(): boolean {
    try {
      this.#worker ??= this.#started()
      return true
    } catch (cause) {
      // Not within the call that this is part of.
      queueMicrotask(() => this.#end(cause as IpcError))
      return false
    }
  }

  #started(): Worker {
    const worker = this.#start()
    worker.unref()
    worker.on('message', (message: FromWriter) => {
      if (this.#isOver) this.#last.push(message)
      else this.#take(message)
    })
    worker.on('error', (cause) => {
      this.#end(new IpcError('IPC_PEER_LOST', `the thread that owns the queues failed: ${cause}`, { cause }))
    })
    worker.on('exit', () => {
      // Only now is the file closed in any case: @photostructure/sqlite 1 has it open until its statements are collected.
      for (const message of this.#last.splice(0)) this.#take(message)
      const code = this.#isOver ? 'IPC_CLOSED' : 'IPC_PEER_LOST'
      this.#end(new IpcError(code, 'the thread that owns the queues has ended'))
    })
    return worker
  }

  /** Returns whether there will be an answer. */
  #note(command: Command): boolean {
    const { kind, request } = command
    if (kind === 'close') this.#open.delete(command.handle)
    if (request === 0 || kind === 'credit' || kind === 'cancel') return false
    if (kind === 'open') this.#opening.set(request, command.handle)
    if (kind === 'consume') this.#streams.add(request)
    this.#asked.add(request)
    return true
  }

  /** Whether nothing is open any more, nor about to be. From then on nothing is asked here. */
  #isLast(): boolean {
    if (this.#isOver || this.#open.size > 0 || this.#opening.size > 0) return false
    this.#isOver = true
    this.#onLast()
    return true
  }

  #post(message: ToWriter): void {
    if (message.confirm) this.#unconfirmed++
    this.#worker?.postMessage(
      message,
      message.bytes.length === 0 ? [] : [message.bytes.buffer as ArrayBuffer],
    )
  }

  #take({ bytes, handled = 0, error }: FromWriter): void {
    this.#unconfirmed -= handled
    if (bytes !== undefined) {
      const events = decodeBatch(bytes, readEvent)
      for (const event of events) this.#answered(event)
      this.#onEvents(events)
    }
    if (error !== undefined) this.#end(IpcError.fromJSON(error))
    this.#hold()
  }

  #answered(event: QueueEvent): void {
    if (event.kind === 'lost') return
    const { kind, request } = event
    if (kind === 'delivered' && this.#streams.has(request)) return
    this.#asked.delete(request)
    this.#streams.delete(request)
    const handle = this.#opening.get(request)
    if (handle === undefined) return
    this.#opening.delete(request)
    if (kind === 'opened') this.#open.add(handle)
    else if (this.#isLast()) this.#post({ bytes: NOTHING, confirm: false, last: true })
  }

  /** Keep the process alive exactly while something is to come. */
  #hold(): void {
    const holds = this.#asked.size > 0 || this.#unconfirmed > 0
    if (holds === this.#isHeld) return
    this.#isHeld = holds
    if (holds) this.#worker?.ref()
    else this.#worker?.unref()
  }

  #end(error: IpcError): void {
    this.#isOver = true
    this.#asked.clear()
    this.#unconfirmed = 0
    this.#onEnd(error)
  }
}
