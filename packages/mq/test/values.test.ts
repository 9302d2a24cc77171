import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { mq, type WebPortTarget } from '@ipc/mq'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { failure, pair } from './fixtures/ports.js'

class Point {
  x = 1
  get doubled(): number {
    return 2 * this.x
  }
}

describe('values by structured clone', () => {
  const cycle: Record<string, unknown> = { name: 'cycle' }
  cycle.self = cycle
  const shared = { inner: true }
  const sparse: unknown[] = [1]
  sparse[5] = 2
  const values: [string, unknown][] = [
    ['undefined', undefined],
    ['minus zero', -0],
    ['a bigint', 2n ** 70n],
    ['a lone surrogate', 'a\ud800b'],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    ['a key named __proto__', JSON.parse('{"__proto__": {"a": 1}, "b": 2}')],
    ['undefined as a value', { a: undefined, b: [undefined] }],
    ['a cycle', cycle],
    ['the same object twice', { a: shared, b: [shared] }],
    ['a sparse array', sparse],
    ['an array with a property', Object.assign([1, 2], { extra: 3 })],
    ['a long array', Array.from({ length: 1000 }, (_, i) => i)],
    ['deep nesting', JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`)],
    ['a map and a set', { map: new Map<unknown, unknown>([[{ k: 1 }, new Set(['v'])]]) }],
    ['a date', [new Date(0), new Date(Number.NaN)]],
    ['a regular expression', /a\/b\n/giu],
    ['an error', new RangeError('message', { cause: { why: 1 } })],
    ['boxed primitives', [Object(1), Object('s'), Object(false)]],
    ['an instance of a class', new Point()],
    [
      'typed arrays',
      [new Float64Array([1.5, Number.NaN]), new BigInt64Array([-1n]), new Uint8ClampedArray([255])],
    ],
    ['a view of a view', new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2)],
    ['a data view', new DataView(new Uint8Array([1, 2, 3]).buffer, 1)],
    ['an array buffer', new Uint8Array([1, 2, 3]).buffer],
    [
      'bytes around the size that is moved',
      [4095, 4096, 4097].map((size) => new Uint8Array(size).fill(size)),
    ],
    ['a getter', { get now() { return 'read once' } }], // biome-ignore format: one line each
  ]

  test.each(values)('%s arrives as structured clone would have it', async (_name, value) => {
    const { near, far } = await pair()
    near.send(value)
    near.send('next')
    expect(await far.receive()).toStrictEqual(structuredClone(value))
    expect(await far.receive()).toBe('next')
    await near.close()
  })

  test('any JSON-like message arrives as structured clone would have it', async () => {
    const { near, far } = await pair()
    const messages = fc.anything({
      withBigInt: true,
      withDate: true,
      withTypedArray: true,
      withSparseArray: true,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { maxLength: 5 }), async (batch) => {
        for (const message of batch) near.send(message)
        for (const message of batch) expect(await far.receive()).toStrictEqual(structuredClone(message))
      }),
    )
    await near.close()
  })

  test('identity within a message is kept', async () => {
    const { near, far } = await pair<{ a: unknown; b: unknown[]; self?: unknown }>()
    near.send({ a: shared, b: [shared] })
    const { a, b } = await far.receive()
    expect(a).toBe(b[0])
    near.send(cycle as never)
    const copy = await far.receive()
    expect(copy.self).toBe(copy)
    await near.close()
  })

  test('one object sent twice arrives as two', async () => {
    const { near, far } = await pair<{ n: number }>()
    const message = { n: 1 }
    near.send(message)
    near.send(message)
    const [first, second] = [await far.receive(), await far.receive()]
    first.n = 7
    expect(second).toEqual({ n: 1 })
    await near.close()
  })

  test('what is changed after send is sent as it was, also while it waits for credit', async () => {
    const { near, far } = await pair({}, { highWaterMarkBytes: 1024 })
    const message = {
      list: [0],
      map: new Map([['a', 0]]),
      bytes: new Uint8Array(8),
      big: new Uint8Array(5000),
    }
    for (let i = 0; i < 20; i++) {
      message.list[0] = i
      message.map.set('a', i)
      message.bytes.fill(i)
      message.big.fill(i)
      near.send(message)
    }
    for (let i = 0; i < 20; i++) {
      const bytes = new Uint8Array(8).fill(i)
      expect(await far.receive()).toEqual({
        list: [i],
        map: new Map([['a', i]]),
        bytes,
        big: message.big.map(() => i),
      })
    }
    await near.close()
  })

  test('a small piece of a large buffer arrives in memory of its own', async () => {
    const { near, far } = await pair<unknown>()
    const piece = new Uint8Array(100_000).subarray(10, 20).fill(3)
    near.send(piece)
    near.send([piece, Buffer.from('pooled')])
    const alone = (await far.receive()) as Uint8Array
    expect(alone.buffer.byteLength).toBe(10)
    const [inside, text] = (await far.receive()) as [Uint8Array, Uint8Array]
    expect(inside.buffer.byteLength).toBe(10)
    expect(text).toStrictEqual(new Uint8Array(Buffer.from('pooled')))
    await near.close()
  })

  test('shared memory stays shared', async () => {
    const { near, far } = await pair<Uint8Array>()
    const bytes = new Uint8Array(new SharedArrayBuffer(8))
    near.send(bytes)
    const view = await far.receive()
    bytes[3] = 42
    expect(view[3]).toBe(42)
    await near.close()
  })

  test.each([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['a promise in an object', { a: [Promise.resolve()] }],
    ['a function in a map', new Map([['f', () => {}]])],
    ['a weak map', new WeakMap()],
  ])(
    '%s is refused with a TypeError caused by the DataCloneError, and nothing is sent',
    async (_name, value) => {
      const { near, far } = await pair()
      near.send('before')
      let error: unknown
      try {
        near.send(value)
      } catch (thrown) {
        error = thrown
      }
      expect(error).toBeInstanceOf(TypeError)
      expect((error as Error).cause).toMatchObject({ name: 'DataCloneError' })
      expect(near.stats().messagesSent).toBe(1)
      near.send('after')
      expect([await far.receive(), await far.receive()]).toEqual(['before', 'after'])
      await near.close()
    },
  )

  test('a getter that throws refuses the message', async () => {
    const { near } = await pair()
    const message = Object.defineProperty({}, 'a', {
      enumerable: true,
      get() {
        throw new Error('getter')
      },
    })
    expect(() => near.send(message)).toThrow('getter')
    expect(near.stats().messagesSent).toBe(0)
    await near.close()
  })

  test.each([
    ['a string', 'x'.repeat(1001)],
    ['bytes', new Uint8Array(1001)],
    ['an array buffer', new ArrayBuffer(1001)],
    ['a long list', Array.from({ length: 126 }, (_, i) => i)],
    ['a map', new Map([['k', 'x'.repeat(1001)]])],
    ['a set', new Set(['x'.repeat(1001)])],
    ['an error', new Error('x'.repeat(1001))],
    ['keys', { ['x'.repeat(1001)]: 1 }],
    ['a bigint', 2n ** 8008n],
    ['nested objects', { a: { b: [{ c: 'x'.repeat(1001) }] } }],
  ])('%s that takes more than maxMessageBytes is refused', async (_name, value) => {
    const { near, far } = await pair({ maxMessageBytes: 1000 }, { maxMessageBytes: 2000 })
    expect(() => near.send(value)).toThrow(expect.objectContaining({ code: 'IPC_MESSAGE_TOO_LARGE' }))
    expect(() => far.send(value)).toThrow(/the peer's maxMessageBytes of 1000/)
    expect([near.stats().messagesSent, far.stats().messagesSent]).toEqual([0, 0])
    await near.close()
  })
})

describe('transfer', () => {
  test('buffers and ports are gone from this side when send returns, and whole on the other', async () => {
    const { near, far } = await pair<{ bytes: Uint8Array; port: MessagePort; note: string }>()
    const { port1, port2 } = new MessageChannel()
    const bytes = new Uint8Array(1000).fill(5)
    near.send({ bytes, port: port2, note: 'n' }, { transfer: [bytes.buffer, port2] })
    expect(bytes.byteLength).toBe(0)
    const message = await far.receive()
    expect([message.note, message.bytes]).toEqual(['n', new Uint8Array(1000).fill(5)])
    const answered = new Promise((resolve) => message.port.on('message', resolve))
    port1.postMessage('through the port')
    expect(await answered).toBe('through the port')
    port1.close()
    await near.close()
  })

  test('transferred messages keep their place among others while they wait for credit', async () => {
    const { near, far } = await pair<Uint8Array | string>({}, { highWaterMarkBytes: 512 })
    for (let i = 0; i < 30; i++) {
      const bytes = new Uint8Array(300).fill(i)
      if (i % 3 === 0) near.send(bytes, { transfer: [bytes.buffer] })
      else near.send(i % 3 === 1 ? bytes : `${i}`)
      expect(bytes.byteLength).toBe(i % 3 === 0 ? 0 : 300)
    }
    for (let i = 0; i < 30; i++) {
      expect(await far.receive()).toEqual(i % 3 === 2 ? `${i}` : new Uint8Array(300).fill(i))
    }
    await near.close()
  })

  test('what cannot be transferred is a TypeError and stays here', async () => {
    const { near } = await pair()
    const bytes = new Uint8Array(10)
    expect(() => near.send(bytes, { transfer: [bytes.buffer, {}] })).toThrow(TypeError)
    expect(() => near.send(bytes, { transfer: [bytes.buffer, bytes.buffer] })).toThrow(TypeError)
    expect(bytes.byteLength).toBe(10)
    expect(near.stats().messagesSent).toBe(0)
    await near.close()
  })
})

test('a message that the port refuses when it is posted ends the connection; the others of its batch arrive', async () => {
  const { port1, port2 } = new MessageChannel()
  const refusing: WebPortTarget = {
    postMessage(message: unknown, transfer: never[]) {
      if (JSON.stringify(message).includes('poison')) throw new Error('refused by the port')
      port1.postMessage(message, transfer)
    },
    addEventListener: (type, listener) => port1.on(type, (value) => listener({ data: value })),
    removeEventListener() {},
  }
  const listener = await mq().listen(port2)
  const [near, far] = await Promise.all([mq().connect(refusing), listener.accept()])
  const { port1: inside } = new MessageChannel()
  near.send('one')
  near.send(new Uint8Array([2]))
  near.send({ poison: 3 })
  near.send(inside, { transfer: [inside] })
  near.send(new Uint8Array(5000))
  near.send(new Uint8Array([6]))
  const { error, by } = await near.closed
  expect([error?.code, by]).toEqual(['IPC_ENCODE_FAILED', 'transport'])
  expect(error?.message).toContain('refused by the port')
  expect([await far.receive(), await far.receive()]).toEqual(['one', new Uint8Array([2])])
  expect(await far.receive()).toHaveProperty('postMessage')
  expect([await far.receive(), await far.receive()]).toEqual([new Uint8Array(5000), new Uint8Array([6])])
  expect((await failure(far.receive())).code).toBe('IPC_ABORTED')
  port2.close()
})
