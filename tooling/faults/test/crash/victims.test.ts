import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type BundledProgram, bundleProgram, type Moment, Victims } from '../../src/crash/index.js'

const PACKAGE = new URL('../../', import.meta.url)

let program: BundledProgram
let victims: Victims
let directory: string
let path: string

beforeAll(async () => {
  const entry = new URL('./fixtures/toy-program.ts', import.meta.url)
  program = await bundleProgram({ entry, packageUrl: PACKAGE, external: ['koffi'] })
  victims = await Victims.start(program.path)
  directory = mkdtempSync(join(tmpdir(), 'ipc-victims-'))
})

afterAll(async () => {
  await victims.end()
  program.remove()
  rmSync(directory, { recursive: true })
})

beforeEach(() => {
  path = join(directory, 'file')
  writeFileSync(path, new Uint8Array(4096))
})

/** Words 0 and 1, and the four bytes behind them, after a victim has died there. */
async function memoryAfter(operation: string, step: string, when: Moment): Promise<number[]> {
  const death = await victims.start({ operation, args: { path }, point: { step, when } }).death
  expect(death.step).toBe(step)
  const bytes = readFileSync(path)
  return [bytes.readInt32LE(0), bytes.readInt32LE(4), ...bytes.subarray(8, 12)]
}

describe('a victim', () => {
  test.each<[string, Moment, number[]]>([
    ['Toy.write: set bytes', 'before', [0, 0, 0, 0, 0, 0]],
    ['Toy.write: set bytes', 'half', [0, 0, 1, 2, 0, 0]],
    ['Toy.write: set bytes', 'after', [0, 0, 1, 2, 3, 4]],
    ['Toy.#count: add count', 'before', [0, 0, 1, 2, 3, 4]],
    ['Toy.#count: add count', 'after', [1, 0, 1, 2, 3, 4]],
    ['Toy.#count: add count #2', 'before', [1, 0, 1, 2, 3, 4]],
    ['Toy.#count: add count #2', 'after', [2, 0, 1, 2, 3, 4]],
  ])('dies at %s, %s, and leaves the memory as it is there', async (step, when, memory) => {
    expect(await memoryAfter('write', step, when)).toEqual(memory)
  })

  test('dies between two calls that change files', async () => {
    const step = 'replaceFile: renameSync'
    await victims.start({ operation: 'replace', args: { path }, point: { step, when: 'before' } }).death
    expect(existsSync(`${path}.new`)).toBe(true)
    expect(readFileSync(path, 'utf8')).not.toBe('new')
    await victims.start({ operation: 'replace', args: { path }, point: { step, when: 'after' } }).death
    expect(readFileSync(path, 'utf8')).toBe('new')
  })

  test('goes on in its event loop', async () => {
    const step = 'replaceFile: renameSync'
    const point = { step, when: 'after' } as const
    expect((await victims.start({ operation: 'later', args: { path }, point }).death).step).toBe(step)
    expect(readFileSync(path, 'utf8')).toBe('later')
  })

  test('without a point records its steps and ends in order', async () => {
    const death = await victims.start({ operation: 'replace', args: { path } }).death
    expect(death.step).toBeUndefined()
    expect(death.steps.map(({ name }) => name)).toEqual([
      'replaceFile: writeFileSync',
      'replaceFile: renameSync',
    ])
  })

  test('that has no such step ends in order', async () => {
    const point = { step: 'nowhere: nothing', when: 'before' } as const
    expect((await victims.start({ operation: 'write', args: { path }, point }).death).step).toBeUndefined()
  })

  test('is a process of its own', async () => {
    const pids = new Set<number>()
    for (let i = 0; i < 3; i++) {
      const victim = victims.start({ operation: 'replace', args: { path } })
      expect(await victim.began).toBe((await victim.death).pid)
      pids.add((await victim.death).pid)
    }
    expect(pids.size).toBe(3)
    expect(pids).not.toContain(process.pid)
  })

  test('that is free is killed from outside', async () => {
    const victim = victims.start({ operation: 'live on', args: {}, isFree: true })
    process.kill(await victim.began, 'SIGKILL')
    expect(await victim.death).toMatchObject({ wasKilled: true, step: undefined })
  })

  test.each([
    ['fail', 'this one always fails'],
    ['unheard of', 'there is no operation unheard of'],
  ])('whose program fails is told of: %s', async (operation, why) => {
    await expect(victims.start({ operation, args: {} }).death).rejects.toThrow(why)
  })

  test('that is killed when it should not be is told of', async () => {
    const victim = victims.start({ operation: 'live on', args: {} })
    process.kill(await victim.began, 'SIGKILL')
    await expect(victim.death).rejects.toThrow('ended by signal 9')
  })
})
