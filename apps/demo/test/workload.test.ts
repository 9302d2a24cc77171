import { describe, expect, test } from 'vitest'
import { Digest } from '../src/digest.js'
import type { Link } from '../src/link.js'
import { chunks, type Sequence } from '../src/sequence.js'
import { createSink, type Sink } from '../src/sink.js'
import { pingPong, stream } from '../src/workload.js'

const SEQUENCE: Sequence<Uint8Array> = chunks(
  Uint8Array.from({ length: 10_000 }, (_, i) => i * 7),
  16,
)

/** Hands over at once what is sent, through `alter`; congested after every `window` messages until the next turn. */
function linkTo(
  sink: Sink<Uint8Array>,
  window: number,
  alter: (index: number, message: Uint8Array) => readonly Uint8Array[] = (_, message) => [message],
): Link<Uint8Array> {
  let index = 0
  let credit = window
  return {
    send(message) {
      if (credit === 0) throw new Error('sent although congested')
      for (const altered of alter(index++, message)) sink.take(altered)
      return --credit > 0
    },
    drained: async () => {
      await new Promise((resolve) => setImmediate(resolve))
      credit = window
    },
    onMessage: () => () => {},
    close: async () => {},
    abort: () => {},
    closed: new Promise(() => {}),
  }
}

const bytesSink = (): Sink<Uint8Array> => createSink({ kind: 'bytes' }) as Sink<Uint8Array>

describe('stream', () => {
  test('sends complete rounds, waits when congested, and agrees with what is received', async () => {
    const sink = bytesSink()
    const sent = await stream(linkTo(sink, 10), SEQUENCE, 0.05, () => {})
    const received = sink.finish()
    expect(sent.messages).toBe(sent.rounds * SEQUENCE.messages.length)
    expect(sent.bytes).toBe(sent.rounds * SEQUENCE.bytes.length)
    expect(received).toMatchObject({ messages: sent.messages, digest: sent.digest })
  })

  test('sends one round when there is no time for more', async () => {
    const sent = await stream(linkTo(bytesSink(), 1000), SEQUENCE, 0, () => {})
    expect(sent.rounds).toBe(1)
    const digest = new Digest()
    digest.update(SEQUENCE.bytes)
    expect(sent.digest).toBe(digest.finish())
  })

  test.each<[string, (index: number, message: Uint8Array) => Uint8Array[]]>([
    ['lost', (index, message) => (index === 300 ? [] : [message])],
    ['repeated', (index, message) => (index === 300 ? [message, message] : [message])],
    ['changed', (index, message) => (index === 300 ? [message.with(3, 0x99)] : [message])],
  ])('disagrees with what is received when a message is %s', async (_what, alter) => {
    const sink = bytesSink()
    const sent = await stream(linkTo(sink, 100, alter), SEQUENCE, 0, () => {})
    expect(sink.finish().digest).not.toBe(sent.digest)
  })

  test('fails when the link does', async () => {
    const link = { ...linkTo(bytesSink(), 5), drained: () => Promise.reject(new Error('peer is gone')) }
    await expect(stream(link, SEQUENCE, 1, () => {})).rejects.toThrow('peer is gone')
  })
})

describe('pingPong', () => {
  test('measures the round trips after the warm-up, in ascending order', async () => {
    let echo = (_message: Uint8Array): void => {}
    let sent = 0
    const link: Link<Uint8Array> = {
      ...linkTo(bytesSink(), 1),
      send: (message) => {
        sent++
        setImmediate(() => echo(message))
        return true
      },
      onMessage: (listener) => {
        echo = listener
        return () => {}
      },
    }
    const micros = await pingPong(link, SEQUENCE.messages, 20, 50)
    expect(sent).toBe(70)
    expect(micros).toHaveLength(50)
    expect(micros[0]).toBeGreaterThan(0)
    expect([...micros]).toEqual([...micros].sort((a, b) => a - b))
  })

  test('fails when the link ends before the last echo', async () => {
    const link = { ...linkTo(bytesSink(), 10), closed: Promise.resolve({ error: undefined }) }
    await expect(pingPong(link, SEQUENCE.messages, 0, 10)).rejects.toThrow('closed before the last echo')
  })
})
