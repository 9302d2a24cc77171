import type { Link } from './link.js'
import { median } from './measure.js'

/** What was measured with messages of one size. */
export interface SizeResult {
  readonly bytes: number
  /** Of a stream of such messages, from the first send until P2 has confirmed the last. */
  readonly bytesPerSecond: number
  /** One such message there and its confirmation back: the median. */
  readonly exchangeMs: number
}

/** Sizes of the messages: 16 B to 16 MiB. */
const SIZES = Array.from({ length: 11 }, (_, step) => 16 * 4 ** step)
/** Largest message of this phase, and what has to be buffered for it. */
export const LARGEST_BYTES: number = SIZES.at(-1)!
/** A message of this size asks P2 how many bytes it has received since it was last asked. */
const QUESTION_BYTES = 1
/** Part of `seconds` that each size gets for its stream, and for its exchanges. */
const STREAM_PART = 0.05
const EXCHANGE_PART = 0.02
const LEAST_EXCHANGES = 3
const MOST_EXCHANGES = 200
/** Bytes between two looks at the clock. */
const LOOK_BYTES = 64 * 1024
/** Longest time between two turns of the event loop, for a peer that is faster than this side. */
const TURN_MS = 20

/** P2's side: count, and tell when asked. */
export function answerSizes(link: Link<Uint8Array>): void {
  let received = 0
  link.onMessage((message) => {
    if (message.length !== QUESTION_BYTES) {
      received += message.length
      return
    }
    const answer = new Uint8Array(8)
    new DataView(answer.buffer).setFloat64(0, received)
    received = 0
    link.send(answer)
  })
}

/**
 * P1's side: for each size, exchange single messages and then stream some.
 *
 * @param onSize - Called with the part of all sizes that is done.
 * @throws Error when P2 has not received what was sent.
 */
export async function measureSizes(
  link: Link<Uint8Array>,
  seconds: number,
  onSize: (fraction: number) => void,
): Promise<SizeResult[]> {
  const ended = link.closed.then(({ error }) => {
    throw error ?? new Error('the link was closed before the last answer')
  })
  return Promise.race([ended, new Sweep(link).run(seconds, onSize)])
}

class Sweep {
  readonly #link: Link<Uint8Array>
  readonly #question = new Uint8Array(QUESTION_BYTES)
  #answered: (received: number) => void = () => {}

  constructor(link: Link<Uint8Array>) {
    this.#link = link
    link.onMessage((answer) => {
      this.#answered(new DataView(answer.buffer, answer.byteOffset).getFloat64(0))
    })
  }

  async run(seconds: number, onSize: (fraction: number) => void): Promise<SizeResult[]> {
    // Until the machine code is there, on both sides.
    for (const bytes of [64, 4096]) await this.#stream(new Uint8Array(bytes), seconds * STREAM_PART)
    const results: SizeResult[] = []
    for (const bytes of SIZES) {
      const message = new Uint8Array(bytes).fill(0x5a)
      const exchangeMs = await this.#exchanges(message, seconds * EXCHANGE_PART)
      const bytesPerSecond = await this.#stream(message, seconds * STREAM_PART)
      results.push({ bytes, bytesPerSecond, exchangeMs })
      onSize(results.length / SIZES.length)
    }
    return results
  }

  async #exchanges(message: Uint8Array, seconds: number): Promise<number> {
    const taken: number[] = []
    const until = performance.now() + seconds * 1000
    while (taken.length < LEAST_EXCHANGES || (performance.now() < until && taken.length < MOST_EXCHANGES)) {
      const begin = performance.now()
      this.#link.send(message)
      await this.#confirmed(message.length)
      taken.push(performance.now() - begin)
    }
    return median(taken)
  }

  async #stream(message: Uint8Array, seconds: number): Promise<number> {
    const step = Math.max(1, Math.floor(LOOK_BYTES / message.length))
    const begin = performance.now()
    let lastTurn = begin
    let sent = 0
    do {
      for (let i = 0; i < step; i++) if (!this.#link.send(message)) await this.#link.drained()
      sent += step * message.length
      if (performance.now() - lastTurn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve))
        lastTurn = performance.now()
      }
    } while (performance.now() < begin + seconds * 1000)
    await this.#confirmed(sent)
    return sent / ((performance.now() - begin) / 1000)
  }

  async #confirmed(sent: number): Promise<void> {
    const answer = new Promise<number>((resolve) => {
      this.#answered = resolve
    })
    this.#link.send(this.#question)
    const received = await answer
    if (received !== sent) throw new Error(`${sent} bytes were sent, P2 received ${received}`)
  }
}
