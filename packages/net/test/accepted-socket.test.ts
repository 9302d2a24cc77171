import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { onAcceptedBytes, withReadBuffer } from '../src/accepted-socket.js'

async function accepted(): Promise<{ server: Server; socket: Socket; client: Socket }> {
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
  return { server, socket, client }
}

test('an accepted socket reads into the same memory again and again', async () => {
  const { socket: before, client } = await accepted()
  const socket = withReadBuffer(before)
  onTestFinished(() => void socket.destroy())
  const buffers = new Set<ArrayBufferLike>()
  let text = ''
  let seen = (): void => {}
  onAcceptedBytes(socket, (source, start, end) => {
    buffers.add(source.buffer)
    text += Buffer.from(source.subarray(start, end)).toString()
    seen()
  })
  socket.resume()
  for (const part of ['one ', 'two ', 'three']) {
    const read = new Promise<void>((resolve) => {
      seen = resolve
    })
    client.write(part)
    await read
  }
  expect(text).toBe('one two three')
  expect(buffers.size).toBe(1)
})

test('the server goes on counting it: it waits for it, and no longer than that', async () => {
  const { server, socket: before, client } = await accepted()
  const socket = withReadBuffer(before)
  expect(socket.remotePort).toBe(client.localPort)
  const ended = once(socket, 'end')
  socket.resume()
  client.end()
  await ended
  const closed = once(server, 'close')
  server.close()
  expect(await new Promise((resolve) => server.getConnections((_error, count) => resolve(count)))).toBe(1)
  socket.end()
  await closed
})

test('a socket that is of no use any more stays what it is', async () => {
  const { socket } = await accepted()
  socket.destroy()
  expect(withReadBuffer(socket)).toBe(socket)
})

test('a socket that has no such buffer tells what it reads all the same', async () => {
  const { socket, client } = await accepted()
  const read = new Promise<string>((resolve) => {
    onAcceptedBytes(socket, (source, start, end) =>
      resolve(Buffer.from(source.subarray(start, end)).toString()),
    )
  })
  socket.resume()
  client.write('hello')
  expect(await read).toBe('hello')
})
