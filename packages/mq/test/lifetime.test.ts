import { describe, expect, test } from 'vitest'
import { runProgram } from './fixtures/launch.js'

const program = new URL('./fixtures/lifetime.ts', import.meta.url)

describe('the life of a process', () => {
  test.each([
    'connection closed',
    'connection unreferenced',
    'listener closed',
    'listener unreferenced',
    'worker unreferenced',
    'child unreferenced',
  ])('ends when nothing but this is left: %s', async (what) => {
    expect(await runProgram(program, what)).toEqual({ code: 0, output: 'end of program\n' })
  })

  test.each(['connection open', 'connection referenced again'])('goes on: %s', async (what) => {
    expect(await runProgram(program, what)).toEqual({ code: 0, output: 'end of program\nstill here\n' })
  })
})
