import { type Connection, IpcError, isIpcError, type Unsubscribe } from '@ipc/core'
import type { Authorize } from '../access.js'
import type { Command, QueueEvent } from '../commands.js'
import type { QueueEngine } from '../engine.js'
import { Session } from '../session.js'
import { BatchSender, isBatchMessage } from './batch-sender.js'
import { decodeBatch, encodeBatches } from './batches.js'
import { readCommand } from './command-format.js'
import { writeEvent } from './event-format.js'

/**
 * Let the peer of a connection use an engine.
 *
 * @returns what ends it: the peer's calls fail from then on.
 */
export function serveClient(
  engine: QueueEngine,
  connection: Connection<unknown, unknown>,
  authorize: Authorize,
): Unsubscribe {
  const sender = new BatchSender<QueueEvent>(connection, 'queue-events', (events, error) => {
    undeliverable(session, sender, events, error)
  })
  const session: Session = new Session(
    engine,
    connection.peer,
    authorize,
    (events) => {
      for (const batch of encodeBatches(events, writeEvent)) sender.send(batch)
    },
    (error) => {
      const ended: QueueEvent = { kind: 'failed', request: 0, error: error.toJSON() }
      for (const batch of encodeBatches([ended], writeEvent)) sender.send(batch)
    },
  )
  const stop = connection.intercept((message, incoming) => {
    if (!isBatchMessage(message, 'queue-commands')) return false
    let commands: Command[]
    try {
      commands = decodeBatch(message.bytes, readCommand)
    } catch (cause) {
      const what = `a peer sent what is no batch of commands: ${cause instanceof Error ? cause.message : cause}`
      connection.abort(new IpcError('IPC_PROTOCOL', what, { cause }))
      return true
    }
    session.execute(commands)
    // A peer that asks and does not read the answers is not read from.
    if (sender.isCongested) sender.whenFlowing(incoming.hold())
    return true
  })
  const leave = (died: boolean): void => {
    stop()
    session.leave(died)
  }
  void connection.closed.then(({ error }) => leave(error !== undefined))
  return () => {
    if (connection.status === 'open') session.tellClosed()
    leave(false)
  }
}

/** The connection does not carry these: whoever waits for them hears of it, and nobody gets such a message again. */
function undeliverable(
  session: Session,
  sender: BatchSender<QueueEvent>,
  events: readonly QueueEvent[],
  cause: unknown,
): void {
  const code = isIpcError(cause) ? cause.code : 'IPC_ENCODE_FAILED'
  const what = `the answer cannot be carried by the connection: ${cause instanceof Error ? cause.message : cause}`
  const error = new IpcError(code, what).toJSON()
  const commands: Command[] = []
  const instead: QueueEvent[] = []
  for (const event of events) {
    if (event.kind === 'lost') continue
    const { request } = event
    if (event.kind !== 'delivered' || session.isReceive(request))
      instead.push({ kind: 'failed', request, error })
    if (event.kind !== 'delivered') continue
    const { handle, messages } = event
    const alone = messages.length === 1
    if (!alone && !session.isReceive(request)) {
      // Perhaps one by one.
      instead.push(...messages.map((message): QueueEvent => ({ ...event, messages: [message] })))
      continue
    }
    const action = alone ? 'dead-letter' : 'release'
    const reason = alone ? `${code}: ${what}` : ''
    for (const { seq, epoch } of messages) {
      commands.push({ kind: 'settle', request: 0, handle, action, seq, epoch, ms: 0, reason })
    }
  }
  for (const batch of encodeBatches(instead, writeEvent)) sender.send(batch)
  // Not within the run of the engine that this is part of.
  queueMicrotask(() => session.execute(commands))
}
