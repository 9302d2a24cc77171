// client.ts
import { net } from '@ipc/net'
import { createBirpc } from 'birpc'
import { wrap } from 'comlink'
import { endpointOf } from './endpoint-of.js'
import type { Library } from './library.js'

const one = await net().connect('unix:/tmp/ipc-example-rpc.sock')
one.send('birpc')
const byBirpc = createBirpc<Library>(
  {},
  {
    post: (message) => one.send(message),
    on: (listen) => void one.onMessage(listen),
  },
)
console.log(await byBirpc.titles('Lovelace')) // [ 'Notes' ]
await one.close()

const other = await net().connect('unix:/tmp/ipc-example-rpc.sock')
other.send('comlink')
const byComlink = wrap<Library>(endpointOf(other))
console.log(await byComlink.titles('nobody')) // []
await other.close()
