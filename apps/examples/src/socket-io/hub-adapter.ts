// hub-adapter.ts
import type { Connection } from '@ipc/core'
import type { Namespace } from 'socket.io'
import { ClusterAdapterWithHeartbeat, type ClusterMessage, type ClusterResponse } from 'socket.io-adapter'

/** What servers tell each other, through a hub that passes it on to all others. */
export type Told =
  | { readonly message: ClusterMessage }
  | { readonly response: ClusterResponse; readonly to: string }

/** An adapter of Socket.IO whose servers are joined by a connection to a hub. */
export class HubAdapter extends ClusterAdapterWithHeartbeat {
  readonly #hub: Connection<Told>

  constructor(namespace: Namespace, hub: Connection<Told>) {
    super(namespace, {})
    this.#hub = hub
    hub.onMessage((told) => {
      if ('message' in told) {
        if (told.message.nsp === namespace.name) this.onMessage(told.message)
      } else if (told.to === this.uid) this.onResponse(told.response)
    })
    this.init()
  }

  protected async doPublish(message: ClusterMessage): Promise<string> {
    if (!this.#hub.send({ message })) await this.#hub.drained()
    return ''
  }

  protected async doPublishResponse(to: string, response: ClusterResponse): Promise<void> {
    if (!this.#hub.send({ response, to })) await this.#hub.drained()
  }
}
