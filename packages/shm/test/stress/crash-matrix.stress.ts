import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { matrixOf, runMatrix, shown } from '../crash/matrix.js'
import { DOCUMENT, documentOf, readDocument, updated } from '../crash/matrix-document.js'
import { titleOf } from '../crash/scenario-result.js'
import { scenarios } from '../crash/scenarios.js'

/** Kills of each step; and which operations: the others stay in the document as they are. */
const CRASHES = Number(process.env.CRASHES ?? 100)
const ONLY = new RegExp(process.env.CRASH_ONLY ?? '.')
const WATCHDOG_MS = 120_000 + CRASHES * 20_000

test(
  `a process killed ${CRASHES} times at each step`,
  async () => {
    mkdirSync(new URL('.', DOCUMENT), { recursive: true })
    const before = existsSync(DOCUMENT) ? readDocument() : ''
    let told = 0
    const matrix = await runMatrix({
      kills: CRASHES,
      only: ONLY,
      onResult(soFar) {
        for (const failure of soFar.failures.slice(told)) console.log(shown(failure))
        told = soFar.failures.length
        writeFileSync(DOCUMENT, documentOf(matrixOf(updated(soFar, scenarios.map(titleOf), before))))
      },
    })
    console.log(`${matrix.kills} kills, ${matrix.failures.length} failures`)
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
