import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { run } from '../fixtures/run.js'

const INPUTS = Number(process.env.INPUTS ?? 1_000_000)
const SEED = process.env.SEED ?? '1'
const CORPUS = fileURLToPath(new URL('../corpus/', import.meta.url))

test.each([
  ['decode', 0.4],
  ['greet', 0.25],
  ['resume', 0.25],
  ['converse', 0.1],
])('fuzzing, where the code leads: %s, %d of all inputs', { timeout: 3_600_000 }, async (target, share) => {
  const out = mkdtempSync(join(tmpdir(), `ipc-fuzz-${target}-`))
  const inputs = String(Math.ceil(INPUTS * share))
  const program = run('fuzz-program.ts', [target, inputs, SEED, join(CORPUS, target), out])
  console.log(await program.line('{"target"'), `found inputs are in ${out}`)
  expect(await program.ended).toBe(0)
})
