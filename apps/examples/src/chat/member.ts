// member.ts
import { subscribe } from '@ipc/core/topics'
import { net } from '@ipc/net'

const secret = process.env.CHAT_SECRET ?? 'an example is no place for secrets, take 32 random bytes'
const port = process.env.PORT ?? '4433'

async function join() {
  const connection = await net({ secret }).connect(`tls://127.0.0.1:${port}`, { timeoutMs: 60_000 })
  return { connection, lines: await subscribe<string>(connection, 'lines') }
}

const [ada, grace] = [await join(), await join()]
console.log(ada.connection.peer.encrypted) // true
ada.connection.send({ line: 'Ada: is anybody here?' })
console.log(await grace.lines.receive()) // Ada: is anybody here?
grace.connection.send({ line: 'Grace: yes' })
await ada.lines.receive() // her own line
console.log(await ada.lines.receive()) // Grace: yes

// Who does not know the secret does not get in.
const stranger = net({ secret: 'x'.repeat(32) })
await stranger
  .connect(`tls://127.0.0.1:${port}`, { timeoutMs: 60_000 })
  .catch((error) => console.log(error.code)) // IPC_AUTH_FAILED

await Promise.all([ada.connection.close(), grace.connection.close()])
