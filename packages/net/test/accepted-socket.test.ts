import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { onAcceptedBytes } from '../src/accepted-socket.js'

const KEY = Buffer.alloc(32, 1)
const TERMS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

interface Ends {
  readonly socket: Socket
  readonly client: Socket
}

async function overTcp(): Promise<Ends> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [socket] = (await once(server, 'connection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { socket, client }
}

async function overTls(): Promise<Ends> {
  const server = createTlsServer({ ...TERMS, pskCallback: () => KEY })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connectTls({
    ...TERMS,
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    pskCallback: () => ({ psk: KEY, identity: 'test' }),
    checkServerIdentity: () => undefined,
  })
  const [socket] = (await once(server, 'secureConnection')) as [Socket]
  onTestFinished(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return { socket, client }
}

/** Write a part, wait until it and what was written before have come in, and so on. Returns into how much memory they came. */
async function pass({ socket, client }: Ends, parts: readonly string[], before = ''): Promise<number> {
  const memory = new Set<ArrayBufferLike>()
  let text = ''
  let seen = (): void => {}
  onAcceptedBytes(socket, (source, start, end) => {
    memory.add(source.buffer)
    text += Buffer.from(source.subarray(start, end)).toString()
    seen()
  })
  socket.resume()
  let wanted = before
  for (const part of parts) {
    wanted += part
    await new Promise<void>((resolve) => {
      seen = () => text.length >= wanted.length && resolve()
      client.write(part)
    })
  }
  expect(text).toBe(wanted)
  return memory.size
}

const LONG = 'many bytes '.repeat(100_000)

test.each([
  ['TCP', overTcp],
  ['TLS', overTls],
])('an accepted socket reads into the same memory again and again: %s', async (_, open) => {
  // Only the first bytes come as they always do.
  expect(await pass(await open(), ['one ', 'two ', 'three ', LONG, 'four ', LONG])).toBe(2)
})

test.each([
  ['TCP', overTcp],
  ['TLS', overTls],
])('what it has read before comes first: %s', async (_, open) => {
  const ends = await open()
  ends.client.write('early ')
  await once(ends.socket, 'readable')
  ends.client.write(LONG)
  await pass(ends, ['late ', 'later'], `early ${LONG}`)
})

test('its end is noticed as before', async () => {
  const { socket, client } = await overTcp()
  await pass({ socket, client }, ['one ', 'two'])
  const ended = once(socket, 'end')
  client.end()
  await ended
})

test('one that was destroyed by what came reads nothing more', async () => {
  const { socket, client } = await overTcp()
  const closed = once(socket, 'close')
  onAcceptedBytes(socket, () => void socket.destroy())
  socket.resume()
  client.write('one')
  await closed
})
