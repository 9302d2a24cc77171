// main.ts: two processes with Socket.IO, and a client of each
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { io } from 'socket.io-client'
import { startHub } from './hub.js'

const hub = await startHub()
const servers = [1, 2].map(() => fork(new URL('./server.js', import.meta.url), [hub.address]))
const ports = await Promise.all(servers.map(async (server) => (await once(server, 'message'))[0] as number))
const clients = ports.map((port) => io(`http://127.0.0.1:${port}`, { transports: ['websocket'] }))
await Promise.all(clients.map((client) => new Promise<void>((resolve) => client.once('connect', resolve))))

// What a client of one server says reaches the client of the other.
const [one, other] = clients
const heard = new Promise((resolve) => other?.once('said', resolve))
one?.emit('say', 'hello from the other process')
console.log(await heard) // hello from the other process

for (const client of clients) client.disconnect()
for (const server of servers) server.kill()
await hub.close()
