import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { matrixOf, runMatrix, shown } from '../crash/matrix.js'
import { DOCUMENT, documentOf, readDocument, updated } from '../crash/matrix-document.js'
import { titleOf } from '../crash/scenario-result.js'
import { scenarios } from '../crash/scenarios.js'

/** Kills of each step; and which operations: the others stay in the document as they are. */
const CRASHES = Number(process.env.CRASHES ?? 100)
const ONLY = new RegExp(process.env.CRASH_ONLY ?? '.')
const WATCHDOG_MS = 120_000 + CRASHES * 15_000

test(
  `a process killed ${CRASHES} times at each step`,
  async () => {
    const matrix = await runMatrix(CRASHES, ONLY)
    console.log(`${matrix.kills} kills, ${matrix.failures.length} failures`)
    const results = updated(matrix, scenarios.map(titleOf), existsSync(DOCUMENT) ? readDocument() : '')
    mkdirSync(new URL('.', DOCUMENT), { recursive: true })
    writeFileSync(DOCUMENT, documentOf(matrixOf(results)))
    expect(matrix.failures.map(shown)).toEqual([])
    for (const result of matrix.results) {
      for (const { step, outcomes } of result.steps) {
        const kills = Object.values(outcomes).reduce((total, count) => total + count, 0)
        expect(kills, `${titleOf(result)}, ${step}`).toBeGreaterThanOrEqual(CRASHES)
      }
    }
  },
  WATCHDOG_MS,
)
