import { beforeAll, describe, expect, test } from 'vitest'
import { type Matrix, runMatrix, shown } from './matrix.js'
import { documentOf, stepsInDocument, stepsOf } from './matrix-document.js'

/** Twice that of what this takes on a machine that does something else beside it. */
const SMOKE_MS = 120_000

describe('processes killed at each step, once', () => {
  let matrix: Matrix
  beforeAll(async () => {
    matrix = await runMatrix(1)
  }, SMOKE_MS)

  test('survivors go on as promised after each kill', () => {
    expect(matrix.failures.map(shown)).toEqual([])
    expect(matrix.kills).toBeGreaterThan(400)
  })

  test('docs/crash-matrix.md has just the steps that there are', () => {
    const sorted = (steps: Map<string, string[]>): Record<string, string[]> =>
      Object.fromEntries([...steps].map(([title, names]) => [title, [...names].sort()]))
    expect(sorted(stepsOf(matrix.results))).toEqual(sorted(stepsInDocument()))
  })

  test('what the document says is found in it again', () => {
    expect(stepsInDocument(documentOf(matrix))).toEqual(stepsOf(matrix.results))
  })
})
