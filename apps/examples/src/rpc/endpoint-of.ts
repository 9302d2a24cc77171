// endpoint-of.ts
import type { Connection, Unsubscribe } from '@ipc/core'
import type { Endpoint } from 'comlink'

/** A connection as comlink wants it. Values travel, and functions do not: `proxy()` needs a `MessagePort`. */
export function endpointOf(connection: Connection): Endpoint {
  const subscriptions = new Map<unknown, Unsubscribe>()
  return {
    postMessage: (message) => void connection.send(message),
    addEventListener(_type, listener) {
      const listen = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener)
      subscriptions.set(
        listener,
        connection.onMessage((data) => listen({ data } as MessageEvent)),
      )
    },
    removeEventListener(_type, listener) {
      subscriptions.get(listener)?.()
      subscriptions.delete(listener)
    },
  }
}
