import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { IpcError, isIpcError } from '@ipc/core'
import {
  type Command,
  decodeBatch,
  encodeBatches,
  QueueEngine,
  type QueueEvent,
  readCommand,
  Session,
  writeEvent,
} from '@ipc/mq/internal'
import { Neighbours } from './neighbours.js'
import { openDatabase } from './open-database.js'
import { ensureQueueDirectory } from './queue-directory.js'
import { loadSqlite } from './sqlite.js'
import { SqliteStore } from './sqlite-store.js'
import type { FromWriter, ToWriter } from './writer-messages.js'

/** One transaction takes no more than this, so that others do not wait for long. */
const MOST_BYTES = 512 * 1024
const MOST_COMMANDS = 2048
/** How often to look for what nobody rings for: that the directory is there still, and others who see other shared memory. */
const LOOK_MS = 500
/** How often to look who has died, while others have something to give back. */
const QUICK_LOOK_MS = 100

/** Open the queues of a directory, and do what comes through the port until it says that no more does. */
export async function write(port: MessagePort, directory: string): Promise<void> {
  const place = ensureQueueDirectory(directory)
  const sqlite = await loadSqlite()
  const neighbours = new Neighbours(place.identity)
  let store: SqliteStore
  try {
    neighbours.lock()
    store = new SqliteStore(place, openDatabase(sqlite, place.path), neighbours)
    neighbours.unlock()
  } catch (error) {
    neighbours.giveUp()
    throw error
  }
  new Writer(port, store, neighbours).start()
}

/** The thread that owns the database: all that arrived while it was busy or waited for its turn is one transaction. */
class Writer {
  readonly #port: MessagePort
  readonly #store: SqliteStore
  readonly #neighbours: Neighbours
  readonly #engine: QueueEngine
  readonly #session: Session
  #held: FromWriter[] | undefined
  /** Messages that are done with, and have no other answer. */
  #confirmed = 0
  #look: ReturnType<typeof setTimeout> | undefined
  /** When everything was looked at. */
  #lookedAt = 0

  constructor(port: MessagePort, store: SqliteStore, neighbours: Neighbours) {
    this.#port = port
    this.#store = store
    this.#neighbours = neighbours
    this.#engine = new QueueEngine(store, neighbours.clock)
    this.#session = new Session(
      this.#engine,
      { transport: 'sqlite' },
      () => true,
      (events) => this.#tell(events),
      (error) => this.#end(error),
    )
  }

  start(): void {
    this.#port.on('message', (message: ToWriter) => this.#take(message))
    this.#releaseLost()
    this.#lookLater()
    void this.#listen()
  }

  #take(first: ToWriter): void {
    // One that only says that it is the last one needs no turn.
    if (first.bytes.length > 0) this.#session.execute(this.#commandsFrom(first))
    else this.#note(first)
    if (this.#confirmed > 0) this.#post({ handled: this.#confirmed })
    this.#confirmed = 0
    if (this.#held !== undefined) this.#finish()
  }

  /** Asked for with the lock: what has arrived by then is part of it. */
  *#commandsFrom(first: ToWriter): Generator<Command> {
    let bytes = 0
    let count = 0
    for (let message: ToWriter | undefined = first; message !== undefined; message = this.#next()) {
      const commands = decodeBatch(message.bytes, readCommand)
      yield* commands
      this.#note(message)
      bytes += message.bytes.length
      count += commands.length
      if (message.last || bytes >= MOST_BYTES || count >= MOST_COMMANDS) break
    }
  }

  #note({ confirm, last }: ToWriter): void {
    if (confirm) this.#confirmed++
    if (last) this.#held = []
  }

  #next(): ToWriter | undefined {
    return receiveMessageOnPort(this.#port)?.message
  }

  #tell(events: readonly QueueEvent[]): void {
    for (const { bytes } of encodeBatches(events, writeEvent)) this.#post({ bytes })
  }

  #post(message: FromWriter): void {
    if (this.#held !== undefined) this.#held.push(message)
    else
      this.#port.postMessage(
        message,
        message.bytes === undefined ? [] : [message.bytes.buffer as ArrayBuffer],
      )
  }

  /** Others have written. */
  async #listen(): Promise<void> {
    try {
      for (;;) {
        await this.#neighbours.rung()
        this.#engine.refresh()
      }
    } catch (error) {
      // The end of it, which is nobody's fault.
      if (!isIpcError(error, 'IPC_CLOSED')) this.#engine.end(errorOf(error))
    }
  }

  #lookLater(): void {
    const delayMs = this.#neighbours.isAtStake() ? QUICK_LOOK_MS : LOOK_MS
    this.#look = setTimeout(() => this.#lookAround(), delayMs)
    this.#look.unref()
  }

  #lookAround(): void {
    try {
      if (this.#store.hasLostOwners()) this.#releaseLost()
      const now = performance.now()
      if (now - this.#lookedAt >= LOOK_MS) {
        this.#lookedAt = now
        this.#store.checkPlace()
        if (this.#store.isDue()) this.#engine.refresh()
      }
    } catch (error) {
      this.#engine.end(errorOf(error))
    }
    if (this.#engine.ended === undefined) this.#lookLater()
  }

  #releaseLost(): void {
    this.#engine.release(() => this.#store.takeLostOwners())
  }

  #finish(): void {
    this.#session.leave(false)
    this.#engine.end(new IpcError('IPC_CLOSED', 'the queues of the directory are closed'))
    this.#stop()
  }

  /** The engine has ended by itself. */
  #end(error: IpcError): void {
    this.#post({ error: error.toJSON() })
    this.#held ??= []
    // Not within the run of the engine that this is part of.
    queueMicrotask(() => this.#stop())
  }

  #stop(): void {
    clearTimeout(this.#look)
    const held = this.#held ?? []
    this.#held = undefined
    for (const message of held) this.#post(message)
    this.#port.close()
  }
}

function errorOf(error: unknown): IpcError {
  return isIpcError(error)
    ? error
    : new IpcError('IPC_STORE_FAILED', `the writer failed: ${error}`, { cause: error })
}
