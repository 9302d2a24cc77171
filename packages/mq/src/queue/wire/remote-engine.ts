import { type Connection, IpcError } from '@ipc/core'
import type { Command, CommandSink, QueueEvent } from '../commands.js'
import { QueueLink } from '../queue-link.js'
import { BatchSender, isBatchMessage } from './batch-sender.js'
import { decodeBatch, encodeBatches } from './batches.js'
import { writeCommand } from './command-format.js'
import { readEvent } from './event-format.js'

const links = new WeakMap<object, QueueLink>()

/** The link to the broker at the other end of a connection: one for all queues over it. */
export function linkOver(connection: Connection<unknown, unknown>): QueueLink {
  const known = links.get(connection)
  if (known !== undefined) return known
  const link: QueueLink = new QueueLink((onEvents) => new RemoteEngine(connection, onEvents))
  links.set(connection, link)
  void connection.closed.then(({ error }) => {
    const how = error?.message ?? 'closed'
    link.end(
      new IpcError(error?.code ?? 'IPC_CLOSED', `the connection to the broker ended: ${how}`, {
        cause: error,
        details: error?.details,
      }),
    )
  })
  return link
}

/** An engine at the other end of a connection. */
class RemoteEngine implements CommandSink {
  readonly #sender: BatchSender<Command>

  constructor(connection: Connection<unknown, unknown>, onEvents: (events: readonly QueueEvent[]) => void) {
    this.#sender = new BatchSender(connection, 'queue-commands', (commands, error) => {
      const json = errorJson(error)
      onEvents(commands.map(({ request }) => ({ kind: 'failed', request, error: json })))
    })
    connection.intercept((message) => {
      if (!isBatchMessage(message, 'queue-events')) return false
      let events: QueueEvent[]
      try {
        events = decodeBatch(message.bytes, readEvent)
      } catch (cause) {
        connection.abort(
          new IpcError('IPC_PROTOCOL', 'the broker sent what is no batch of events', { cause }),
        )
        return true
      }
      onEvents(events)
      return true
    })
  }

  execute(commands: readonly Command[]): void {
    for (const batch of encodeBatches(commands, writeCommand)) this.#sender.send(batch)
  }
}

function errorJson(error: unknown): ReturnType<IpcError['toJSON']> {
  const { code, message } = error as Partial<IpcError>
  if (code !== undefined && message !== undefined) return new IpcError(code, message).toJSON()
  return new IpcError('IPC_NOT_SUPPORTED', `the connection carries no batches: ${String(error)}`).toJSON()
}
