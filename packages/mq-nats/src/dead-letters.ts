import { IpcError, isIpcError } from '@ipc/core'
import type { ReadableMessage } from '@ipc/mq/internal'
import type { JetStreamManager, StoredMsg } from '@nats-io/jetstream'
import type { Lease } from './lease.js'
import type { QueueNames } from './names.js'
import { publication, readMessage } from './publication.js'
import type { Sender } from './sender.js'

/** `peek` and the like give no more at once. */
const MAX_LISTED_BYTES = 4 * 2 ** 20

/** What {@link DeadLetters} are made of. */
export interface DeadLettersInit {
  readonly manager: JetStreamManager
  readonly names: QueueNames
  /** Puts messages into the stream of dead letters, and back into the queue's. */
  readonly burying: Sender
  readonly redriving: Sender
  /** Whether any are kept. */
  readonly isKept: boolean
}

/** The messages of a queue that were given up: a stream beside its own. */
export class DeadLetters {
  readonly #init: DeadLettersInit

  constructor(init: DeadLettersInit) {
    this.#init = init
  }

  /** The same message a second time changes nothing, within two minutes. */
  async add(lease: Lease, reason: string, attempts: number): Promise<void> {
    const { names, burying, isKept } = this.#init
    if (!isKept) return
    const { body, ...message } = lease.read()
    await burying.send(
      publication(body, {
        // Its number alone may be that of an earlier one: see StreamConsumer.
        id: `dead-${names.stream}-${lease.seq}-${message.deadAt}`,
        headers: message.headers,
        before: message,
        dead: { attempts, reason },
      }),
    )
  }

  /** The oldest ones. */
  async list(count: number): Promise<ReadableMessage[]> {
    const { manager, names, isKept } = this.#init
    return isKept ? listFrom(manager, names.deadStream, names.deadSubject, 1, count) : []
  }

  async count(): Promise<number> {
    const { manager, names, isKept } = this.#init
    return isKept ? (await manager.streams.info(names.deadStream)).state.messages : 0
  }

  async purge(): Promise<number> {
    const { manager, names, isKept } = this.#init
    return isKept ? (await manager.streams.purge(names.deadStream)).purged : 0
  }

  /** Put back up to `max`, the oldest first, as long as there is room; returns how many. */
  async redrive(max: number): Promise<number> {
    const { manager, names, redriving, isKept } = this.#init
    if (!isKept) return 0
    let redriven = 0
    while (redriven < max) {
      const stored = await nextFrom(manager, names.deadStream, names.deadSubject, 1)
      if (stored === null) break
      const { body, headers, id, sentAt, deadAt } = readStored(stored)
      // Whoever else does the same at this time, or did before it ended, sends the same message.
      const again = publication(body, {
        id: `redrive-${names.deadStream}-${stored.seq}-${deadAt}`,
        headers,
        before: { id, sentAt },
      })
      try {
        await redriving.send(again, {}, undefined, true)
      } catch (error) {
        if (isIpcError(error, 'IPC_QUEUE_FULL')) break
        throw error
      }
      if (await manager.streams.deleteMessage(names.deadStream, stored.seq).catch(isDeleted)) redriven++
    }
    return redriven
  }
}

/** Messages of a stream as they lie in it. */
export async function listFrom(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  firstSeq: number,
  count: number,
): Promise<ReadableMessage[]> {
  const listed: ReadableMessage[] = []
  let bytes = 0
  for (let seq = firstSeq; listed.length < count && bytes < MAX_LISTED_BYTES; ) {
    const stored = await nextFrom(manager, stream, subject, seq)
    if (stored === null) break
    listed.push(readStored(stored))
    bytes += stored.data.length
    seq = stored.seq + 1
  }
  return listed
}

function nextFrom(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  seq: number,
): Promise<StoredMsg | null> {
  return manager.streams.getMessage(stream, { seq, next_by_subj: subject } as never)
}

function readStored({ seq, time, header, data }: StoredMsg): ReadableMessage {
  return readMessage({ seq, storedAt: time.getTime(), headers: header, payload: data }, 0)
}

/** Somebody else was quicker. @throws what else went wrong. */
function isDeleted(error: unknown): false {
  if (/no message found|message not found|deleted/i.test(String((error as Error).message))) return false
  throw error instanceof Error ? error : new IpcError('IPC_REMOTE_FAILED', String(error))
}
