// server.ts: one of several processes that serve the same rooms
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { net } from '@ipc/net'
import { Server } from 'socket.io'
import { HubAdapter, type Told } from './hub-adapter.js'

const hub = await net().connect<Told>(process.argv[2] as string)
const http = createServer()
const io = new Server(http, {
  adapter: class extends HubAdapter {
    constructor(namespace: ConstructorParameters<typeof HubAdapter>[0]) {
      super(namespace, hub)
    }
  },
})
io.on('connection', (socket) => {
  socket.join('everybody')
  socket.on('say', (line: string) => io.to('everybody').emit('said', line))
})
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port))
