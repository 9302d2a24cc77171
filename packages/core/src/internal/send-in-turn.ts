import type { Connection } from '../connection.js'
import { isIpcError } from '../errors.js'

/** Connections that are congested, each with the promise that resolves when it is not (or has ended). */
const congested = new WeakMap<object, Promise<void>>()

/**
 * Send for many concurrent callers that share a connection: at once when it flows, else in turn once it does.
 *
 * @param prepare - Gives the message when its turn has come; `undefined`: nobody wants it sent any more.
 * @throws whatever `send` throws, except `IPC_QUEUE_FULL`, which is waited out.
 */
export async function sendInTurn(
  connection: Connection<unknown, unknown>,
  prepare: () => object | undefined,
): Promise<void> {
  while (true) {
    const flowing = congested.get(connection)
    if (flowing !== undefined) {
      await flowing
      continue
    }
    const message = prepare()
    if (message === undefined) return
    try {
      if (!connection.send(message)) holdOthers(connection)
      return
    } catch (error) {
      // Somebody else filled the connection to its hard limit.
      if (!isIpcError(error, 'IPC_QUEUE_FULL')) throw error
      holdOthers(connection)
    }
  }
}

function holdOthers(connection: Connection<unknown, unknown>): void {
  const release = (): void => {
    congested.delete(connection)
  }
  congested.set(connection, connection.drained().then(release, release))
}
