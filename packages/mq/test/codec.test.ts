import type { Codec } from '@ipc/core'
import { mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { envelopes, failure, MARK, pair } from './fixtures/ports.js'

const utf8 = new TextEncoder()

/** Text, whose size is not known before it is encoded. */
const text: Codec<string> = {
  name: 'text',
  encode(message, target, start) {
    if (typeof message !== 'string') throw new TypeError('only text')
    const { read, written } = utf8.encodeInto(message, target.subarray(start))
    return read === message.length ? start + written : -1
  },
  decode: (source, start, end) => new TextDecoder().decode(source.subarray(start, end)),
}

describe('a codec over ports', () => {
  const codec = text as unknown as Codec

  test('carries messages of every size, in order', async () => {
    const { near, far } = await pair({ codec }, { codec })
    const messages = Array.from({ length: 60 }, (_, i) => `${i}${'é'.repeat(i * i * 10)}`)
    const sending = (async () => {
      for (const message of messages) if (!near.send(message)) await near.drained()
    })()
    for (const message of messages) expect(await far.receive()).toBe(message)
    await sending
    await near.close()
  })

  test('a tick of messages travels as the bytes of one array', async () => {
    const { near, far, channel } = await pair({ codec }, { codec })
    const seen = envelopes(channel.port2)
    for (let i = 0; i < 200; i++) near.send(`message ${i}`)
    for (let i = 0; i < 200; i++) expect(await far.receive()).toBe(`message ${i}`)
    const batches = seen.filter(([, kind]) => kind === 'bytes')
    expect(batches).toHaveLength(1)
    const bytes = batches[0]?.[3] as Uint8Array
    expect(bytes.subarray(0, 13)).toEqual(new Uint8Array([9, 0, 0, 0, ...utf8.encode('message 0')]))
    expect(near.stats().bytesSent).toBe(bytes.byteLength - 200 * 4)
    await near.close()
  })

  test('a message above the limit is refused whether or not its size is known, and no trace of it is sent', async () => {
    const { near, far } = await pair({ codec, maxMessageBytes: 20_000 }, { codec })
    near.send('before')
    for (const length of [20_001, 100_000]) {
      expect(() => near.send('x'.repeat(length))).toThrow(
        expect.objectContaining({ code: 'IPC_MESSAGE_TOO_LARGE' }),
      )
    }
    near.send('x'.repeat(20_000))
    expect([await far.receive(), ((await far.receive()) as string).length]).toEqual(['before', 20_000])
    await near.close()
  })

  test('a transfer list is IPC_NOT_SUPPORTED, because bytes move nothing', async () => {
    const { near } = await pair({ codec }, { codec })
    const { buffer } = new Uint8Array(4)
    expect(() => near.send('m', { transfer: [buffer] })).toThrow(
      expect.objectContaining({ code: 'IPC_NOT_SUPPORTED' }),
    )
    expect(buffer.byteLength).toBe(4)
    await near.close()
  })

  test.each([
    ['a batch that ends within a length', new Uint8Array([1, 0])],
    ['a batch that ends within a message', new Uint8Array([5, 0, 0, 0, 1])],
    ['a length above the limit', new Uint8Array([0, 0, 0, 255, 1])],
    ['text where bytes were agreed on', 'AAAA'],
    ['values where bytes were agreed on', [1]],
  ])('%s is IPC_PROTOCOL', async (_name, batch) => {
    const { near, far, channel } = await pair({ codec }, { codec })
    const seen = envelopes(channel.port2)
    near.send('a')
    await far.receive()
    channel.port1.postMessage([MARK, Array.isArray(batch) ? 'clones' : 'bytes', seen[0]?.[2], batch, [8]])
    expect((await far.closed).code).toBe('IPC_PROTOCOL')
    expect((await near.closed).code).toBe('IPC_PROTOCOL')
  })
})

test('the codecs of both sides must have the same name', async () => {
  const near = pair({ codec: { ...text, name: 'one' } as never, timeoutMs: 5000 }, { codec: text as never })
  expect((await failure(near)).message).toContain('text and one')
  expect(mq().capabilities.encodes).toBe(false)
})
