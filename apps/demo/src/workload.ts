import { Digest } from './digest.js'
import type { Link } from './link.js'
import { BLOCK_BYTES, type Sequence } from './sequence.js'

/** What P1 sent in one phase. */
export interface Sent {
  readonly messages: number
  readonly bytes: number
  readonly rounds: number
  /** Of the canonical bytes of the messages, in the order in which they were sent. */
  readonly digest: string
}

/** Each round begins this many messages later than the one before, so that rounds differ and cannot be confused. */
const ROUND_SHIFT = 7919

/** Longest time between two turns of the event loop, for a peer that is faster than this side. */
const TURN_MS = 20

/**
 * Send the sequence round after round, complete rounds only, until `seconds` are over.
 *
 * @param onTurn - Called now and then with the number of messages sent so far.
 */
export async function stream<T>(
  link: Link<T>,
  { messages, bytes, offsets }: Sequence<T>,
  seconds: number,
  onTurn: (sent: number) => void,
): Promise<Sent> {
  const digest = new Digest()
  const count = messages.length
  const step = Math.max(1, Math.round((count / bytes.length) * BLOCK_BYTES))
  const until = performance.now() + seconds * 1000
  let lastTurn = 0
  let sent = 0

  async function sendRange(from: number, end: number): Promise<void> {
    for (let start = from; start < end; start += step) {
      const stop = Math.min(start + step, end)
      for (let i = start; i < stop; i++) {
        if (!link.send(messages[i]!)) await link.drained()
      }
      digest.update(bytes.subarray(offsets[start], offsets[stop]))
      sent += stop - start
      if (performance.now() - lastTurn > TURN_MS) {
        onTurn(sent)
        await nextTurn()
        lastTurn = performance.now()
      }
    }
  }

  let rounds = 0
  do {
    const start = (rounds * ROUND_SHIFT) % count
    await sendRange(start, count)
    await sendRange(0, start)
    rounds++
  } while (performance.now() < until)
  return { messages: sent, bytes: rounds * bytes.length, rounds, digest: digest.finish() }
}

/**
 * Send one message after the other and wait for the echo of each.
 *
 * @param warmUp - Round trips before those that are measured.
 * @returns the times of `trips` round trips in microseconds, ascending.
 */
export async function pingPong<T>(
  link: Link<T>,
  messages: readonly T[],
  warmUp: number,
  trips: number,
): Promise<Float64Array> {
  const micros = new Float64Array(trips)
  const ended = link.closed.then(({ error }) => {
    throw error ?? new Error('the link was closed before the last echo')
  })
  await Promise.race([ended, echoes(link, messages, warmUp, micros)])
  return micros.sort()
}

function echoes<T>(
  link: Link<T>,
  messages: readonly T[],
  warmUp: number,
  micros: Float64Array,
): Promise<void> {
  return new Promise((resolve) => {
    let trip = -warmUp
    let start = performance.now()
    link.onMessage(() => {
      const now = performance.now()
      if (trip >= 0) micros[trip] = (now - start) * 1000
      if (++trip === micros.length) return resolve()
      start = performance.now()
      link.send(messages[(trip + warmUp) % messages.length]!)
    })
    link.send(messages[0]!)
  })
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
