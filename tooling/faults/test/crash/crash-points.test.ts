import { describe, expect, test } from 'vitest'
import { recordSteps, type Seams } from '../../src/crash/index.js'
import { Toy } from './fixtures/toy.js'

const memory = new SharedArrayBuffer(64)
const toy = new Toy(memory)
const seams: Seams = {
  isShared: (found) => found === memory,
  fieldAt: (_memory, offset) => (offset < 4 ? 'count' : offset < 8 ? 'claims' : 'bytes'),
}

async function namesOf(operation: () => unknown, over: Partial<Seams> = {}): Promise<string[]> {
  return (await recordSteps({ ...seams, ...over }, operation)).map(({ name }) => name)
}

describe('recordSteps', () => {
  test('names the changes of an operation by function, operation and field, in order; loads are none', async () => {
    expect(await namesOf(() => toy.write(new Uint8Array(4)))).toEqual([
      'Toy.write: set bytes',
      'Toy.#count: add count',
      'Toy.#count: add count #2',
    ])
  })

  test('finds a middle where several elements are copied or filled, and nothing after what fails', async () => {
    const toys = new Toy(memory)
    const momentsOf = async (operation: () => unknown): Promise<unknown> =>
      (await recordSteps(seams, operation)).map(({ moments }) => moments)
    expect(await momentsOf(() => toys.clear())).toEqual([['before', 'half', 'after']])
    expect(await momentsOf(() => toys.write(new Uint8Array(1)))).toContainEqual(['before', 'after'])
    expect(await momentsOf(() => toys.claim(1000))).toEqual([['before']])
    expect(await momentsOf(() => toys.claim(0))).toEqual([['before', 'after']])
  })

  test('counts no steps on memory of its own', async () => {
    const own = new Toy(new SharedArrayBuffer(64))
    expect(await namesOf(() => own.write(new Uint8Array(4)))).toEqual([])
  })

  test('counts calls of objects it is given, and not what these call in turn', async () => {
    const inner = { change: () => 1 }
    const outer = { change: () => inner.change() }
    const objects = [
      { target: inner, functions: ['change'], describe: () => 'inside' },
      { target: outer, functions: ['change'], describe: () => 'outside' },
    ]
    function act(): number {
      return outer.change()
    }
    expect(await namesOf(act, { objects })).toEqual(['act: change outside'])
  })

  test('leaves everything as it was, also when the operation throws', async () => {
    const { add } = Atomics
    const { set } = Uint8Array.prototype
    await expect(
      recordSteps(seams, () => {
        expect(Atomics.add).not.toBe(add)
        throw new RangeError('this one fails')
      }),
    ).rejects.toThrow('this one fails')
    expect(Atomics.add).toBe(add)
    expect(Uint8Array.prototype.set).toBe(set)
  })

  test('refuses a function that is not there', async () => {
    const { add } = Atomics
    const objects = [{ target: {}, functions: ['missing'] }]
    await expect(namesOf(() => {}, { objects })).rejects.toThrow('there is no function missing')
    expect(Atomics.add).toBe(add)
  })
})
