import { once } from 'node:events'
import { net, sessionOf } from '@ipc/net'
import { expect, onTestFinished, test } from 'vitest'
import { FRAME, HEADER_BYTES, readCount, readCredit, WHOLE, writeHeader } from '../src/frame.js'
import { GREETING_BYTES, GREETING_FLAG } from '../src/greeting.js'
import { encodeResumed, RESUME_BYTES, sessionSecrets } from '../src/session.js'
import { greetingBytes, type RawPeer, rawListen } from './fixtures/raw-peer.js'

const CREDIT_BYTES = 4096
/** Messages of one byte that use all of it up, each of which takes 64 more. */
const MESSAGES = 64
const ACK_AND_CREDIT_BYTES = HEADER_BYTES + 8 + HEADER_BYTES + 4

test('what is read between RESUME and RESUMED is granted once the session goes on', async () => {
  const peers: RawPeer[] = []
  const { address, server } = await rawListen((peer) => {
    peers.push(peer)
    server.emit('peer', peer)
  })
  onTestFinished(() => void server.close())
  const connecting = net({ reconnect: { firstMs: 1, longestMs: 1 } }).connect<number, number>(address, {
    highWaterMarkBytes: CREDIT_BYTES,
  })
  const first = peers[0] ?? ((await once(server, 'peer'))[0] as RawPeer)
  const answer = greetingBytes({ flags: GREETING_FLAG.resumable }, 'acceptor')
  const dialerGreeting = Buffer.from(await first.atLeast(GREETING_BYTES))
  first.socket.write(answer)
  const connection = await connecting
  onTestFinished(() => connection.abort())

  first.socket.write(Buffer.concat(Array.from({ length: MESSAGES }, (_, number) => messageFrame(number))))
  await expect.poll(() => connection.stats().unreadMessages).toBe(MESSAGES)
  first.socket.destroy()
  const second = (await once(server, 'peer'))[0] as RawPeer
  await second.atLeast(GREETING_BYTES)
  const newAnswer = greetingBytes({ flags: GREETING_FLAG.resumable }, 'acceptor')
  second.socket.write(newAnswer)
  const spoken = await second.atLeast(GREETING_BYTES + HEADER_BYTES + RESUME_BYTES)

  for (let number = 0; number < MESSAGES; number++) expect(await connection.receive()).toBe(number)

  const secrets = sessionSecrets({ dialer: dialerGreeting, acceptor: answer }, second.socket)
  const greetings = { dialer: spoken.subarray(0, GREETING_BYTES), acceptor: newAnswer }
  second.socket.write(encodeResumed(secrets, greetings, { received: 0, credit: 2 ** 20 }))
  await expect.poll(() => sessionOf(connection)?.state).toBe('connected')
  const before = GREETING_BYTES + HEADER_BYTES + RESUME_BYTES
  const said = (await second.atLeast(before + ACK_AND_CREDIT_BYTES)).subarray(before)
  expect(said[3]).toBe(FRAME.ack)
  expect(readCount(said, HEADER_BYTES)).toBe(MESSAGES)
  const credit = said.subarray(HEADER_BYTES + 8)
  expect(credit[3]).toBe(FRAME.credit)
  expect(readCredit(credit, HEADER_BYTES)).toBe(MESSAGES * (1 + 64))
})

/** DATA with a number below 128 as msgpack writes it. */
function messageFrame(number: number): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + 1, number)
  writeHeader(frame, 0, 1, FRAME.data, WHOLE)
  return frame
}
