// server.ts: typed calls, by birpc for one peer and by comlink for another
import { net } from '@ipc/net'
import { createBirpc } from 'birpc'
import { expose } from 'comlink'
import { endpointOf } from './endpoint-of.js'
import type { Library } from './library.js'

const library: Library = {
  titles: async (author) => (author === 'Lovelace' ? ['Notes'] : []),
}

const listener = await net().listen('unix:/tmp/ipc-example-rpc.sock')
for await (const connection of listener) {
  const kind = await connection.receive()
  if (kind === 'comlink') expose(library, endpointOf(connection))
  else {
    createBirpc<object, Library>(library, {
      post: async (message) => {
        if (!connection.send(message)) await connection.drained()
      },
      on: (listen) => void connection.onMessage(listen),
    })
  }
}
