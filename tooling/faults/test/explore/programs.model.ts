import type { Scenario, ThreadBody } from '../../src/index.js'
import type { Program } from './programs.js'

/** The scenario of a generated program: each thread returns what its loads found. */
export function scenarioOf(program: Program): Scenario {
  const threads: Record<string, ThreadBody> = {}
  program.forEach((code, number) => {
    threads[`P${number}`] = (memory) => {
      const words = new Int32Array(memory)
      const found: number[] = []
      for (const { kind, word, value } of code) {
        if (kind === 'load') found.push(words[word] as number)
        else if (kind === 'store') words[word] = value
        else if (kind === 'atomic load') found.push(Atomics.load(words, word))
        else if (kind === 'atomic store') Atomics.store(words, word, value)
        else found.push(Atomics.exchange(words, word, value))
      }
      return found
    }
  })
  return { memoryBytes: 64, threads }
}
