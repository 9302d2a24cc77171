import { beforeAll, describe, expect, test } from 'vitest'
import { type Matrix, matrixOf, runMatrix, shown } from './matrix.js'
import { documentOf, readDocument, resultsIn, stepsOf, updated } from './matrix-document.js'
import { titleOf } from './scenario-result.js'

/** Much more than this takes on a machine that does something else beside it. */
const SMOKE_MS = 120_000

describe('processes killed at each step, once', () => {
  let matrix: Matrix
  beforeAll(async () => {
    matrix = await runMatrix({ kills: 1 })
  }, SMOKE_MS)

  test('survivors go on as promised after each kill', () => {
    expect(matrix.failures.map(shown)).toEqual([])
    expect(matrix.kills).toBeGreaterThan(400)
  })

  test('docs/crash-matrix.md has just the steps that there are', () => {
    // How often a step is repeated may depend on who is there at the moment: who is woken, for one.
    const places = (names: string[]): string[] => [
      ...new Set(names.map((name) => name.replace(/ #\d+$/, ''))),
    ]
    const sorted = (steps: Map<string, string[]>): Record<string, string[]> =>
      Object.fromEntries([...steps].map(([title, names]) => [title, places(names).sort()]))
    expect(sorted(stepsOf(matrix.results))).toEqual(sorted(stepsOf(resultsIn(readDocument()))))
  })

  test('what the document says is found in it again', () => {
    expect(resultsIn(documentOf(matrix))).toEqual(matrix.results)
  })

  test('a part that is run again replaces what the document says of it', () => {
    const [first, second] = matrix.results as [Matrix['results'][0], Matrix['results'][0]]
    const again = { ...second, steps: [{ step: 'program: another', outcomes: { fine: 7 } }], kills: 7 }
    const titles = [first, second].map(titleOf)
    expect(updated(matrixOf([again]), titles, documentOf(matrix))).toEqual([first, again])
  })
})
