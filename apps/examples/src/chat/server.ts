// server.ts: whoever knows the secret may join; every line goes to everybody
import { createTopics } from '@ipc/core/topics'
import { net } from '@ipc/net'

// Of a secret store, 32 random bytes at least; this one only makes the example run.
const secret = process.env.CHAT_SECRET ?? 'an example is no place for secrets, take 32 random bytes'
const port = process.env.PORT ?? '4433'

const room = createTopics<{ lines: string }>()
const listener = await net({ secret }).listen<{ line: string }>(`tls://127.0.0.1:${port}`)
for await (const member of listener) {
  room.serve(member)
  member.onMessage(({ line }) => room.publish('lines', line))
}
