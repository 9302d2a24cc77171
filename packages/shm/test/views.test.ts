import { Worker } from 'node:worker_threads'
import { bytes } from '@ipc/core'
import { createRegion, fromBuffer, shm } from '@ipc/shm'
import { expect, test } from 'vitest'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

test('with views, a listener gets the message where it lies in shared memory', async () => {
  const buffer = createRegion(2 ** 18).buffer as SharedArrayBuffer
  const worker = new Worker(new URL('./fixtures/bytes-producer.js', import.meta.url), {
    workerData: buffer,
    execArgv: ['--conditions=@ipc/source'],
  })
  const connection = await fromBuffer<Uint8Array>(buffer, { codec: bytes({ views: true }), peer: worker })
  const seen: boolean[] = []
  connection.onMessage((message) => {
    seen.push(message.buffer === buffer && message.length === 1000 && message.every((b) => b === seen.length))
  })
  await connection.closed
  expect(seen).toEqual(new Array(100).fill(true))
})

test('messages that wait to be read are copies, also with views', async () => {
  const place = temporaryDirectory()
  try {
    const transport = shm({ directory: place.directory })
    const codec = bytes({ views: true })
    await using listener = await transport.listen<Uint8Array>('copies', { codec })
    const sender = await transport.connect<Uint8Array>('copies', { codec })
    const receiver = await listener.accept()
    for (let i = 0; i < 10; i++) sender.send(Uint8Array.of(i))
    for (let i = 0; i < 10; i++) {
      const message = await receiver.receive()
      expect(message).toEqual(Uint8Array.of(i))
      expect(message.buffer.byteLength).toBe(1)
    }
    await sender.close()
  } finally {
    place.remove()
  }
})
