import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { converse } from './fuzz/conversation.js'
import { loadInputs } from './fuzz/corpus.js'
import { mutate, Random } from './fuzz/mutate.js'
import { decode, greet, resume } from './fuzz/parts.js'
import { VirtualClock } from './fuzz/virtual-clock.js'

const CORPUS = fileURLToPath(new URL('./corpus/', import.meta.url))
const thrown: string[] = []
const note = (error: unknown): void => void thrown.push(String((error as Error)?.stack ?? error))
process.on('uncaughtException', note)
afterAll(() => void process.off('uncaughtException', note))

type Play = (input: Uint8Array, clock: VirtualClock) => void | Promise<void>

/** Play an input in time of its own. */
async function playIn(play: Play, input: Uint8Array): Promise<void> {
  const clock = new VirtualClock()
  const restore = clock.install()
  try {
    await play(input, clock)
  } catch (error) {
    throw new Error(`input ${Buffer.from(input).toString('hex')}`, { cause: error })
  } finally {
    restore()
  }
}

describe.each<[string, Play, number]>([
  ['decode', decode, 20_000],
  ['greet', greet, 3000],
  ['resume', resume, 5000],
  ['converse', converse, 400],
])('fuzzing: %s', (target, play, inputs) => {
  const pool = loadInputs(`${CORPUS}${target}`)

  test('the corpus, where each input once reached or broke something, keeps every promise', async () => {
    expect(pool.length).toBeGreaterThan(3)
    for (const input of pool) await playIn(play, input)
    expect(thrown).toEqual([])
  })

  test('what is made of it does as well', { timeout: 60_000 }, async () => {
    const random = new Random(Number(process.env.SEED ?? 1))
    for (let i = 0; i < inputs; i++) {
      const [one, other] = [pool[random.below(pool.length)]!, pool[random.below(pool.length)]!]
      await playIn(play, mutate(one, other, random))
    }
    expect(thrown).toEqual([])
  })
})
