import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run } from '../fixtures/run.js'

const INPUTS = Number(process.env.INPUTS ?? 1_000_000)
/** So many are run while the engine counts what they reach, which is slow. */
const GUIDED = 10_000
const SEED = process.env.SEED ?? '1'
const CORPUS = fileURLToPath(new URL('../corpus/', import.meta.url))

test.each([
  ['decode', 0.4],
  ['greet', 0.25],
  ['resume', 0.25],
  ['converse', 0.1],
])('fuzzing, where the code leads: %s, %d of all inputs', { timeout: 3_600_000 }, async (target, share) => {
  const out = mkdtempSync(join(tmpdir(), `ipc-fuzz-${target}-`))
  const all = Math.ceil(INPUTS * share)
  const guided = Math.min(GUIDED, Math.ceil(all / 10))
  for (const [how, inputs] of [
    ['guided', guided],
    ['plain', all - guided],
  ] as const) {
    const found = how === 'plain' ? [out] : []
    const args = [target, how, String(inputs), SEED, out, join(CORPUS, target), ...found]
    const program = run('fuzz-program.ts', args)
    console.log(await program.line('{"target"'), `found inputs are in ${out}`)
    expect(await program.ended).toBe(0)
  }
})
