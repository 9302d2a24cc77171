import { mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runMatrix, shown } from '../crash/matrix.js'
import { DOCUMENT, documentOf } from '../crash/matrix-document.js'

/** Kills of each step. */
const CRASHES = Number(process.env.CRASHES ?? 100)
const WATCHDOG_MS = 120_000 + CRASHES * 12_000

test(
  `a process killed ${CRASHES} times at each step`,
  async () => {
    const matrix = await runMatrix(CRASHES)
    console.log(`${matrix.kills} kills, ${matrix.failures.length} failures`)
    expect(matrix.failures.map(shown)).toEqual([])
    for (const { structure, name, steps } of matrix.results) {
      for (const { step, outcomes } of steps) {
        const kills = Object.values(outcomes).reduce((total, count) => total + count, 0)
        expect(kills, `${structure}: ${name}, ${step}`).toBeGreaterThanOrEqual(CRASHES)
      }
    }
    mkdirSync(new URL('.', DOCUMENT), { recursive: true })
    writeFileSync(DOCUMENT, documentOf(matrix))
  },
  WATCHDOG_MS,
)
