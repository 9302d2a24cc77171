import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BenchCase } from './bench-case.js'
import { InputError } from './input-error.js'
import { entryPathIn } from './pair/entry.js'

/**
 * The cases for comparing our packages with what they are in another checkout: each of our systems beside its
 * counterpart, and nobody else.
 *
 * @throws InputError when there is no checkout, or it is not built.
 */
export function againstBaseline(cases: readonly BenchCase[], checkout: string): readonly BenchCase[] {
  const directory = resolve(checkout)
  const program = entryPathIn(directory, 'near')
  if (!existsSync(program)) {
    throw new InputError(
      `--baseline must be a checkout in which the benchmark is built (pnpm bench --list there); ${program} is missing`,
    )
  }
  return cases.flatMap(({ name, about, systems }) =>
    systems.flatMap((system) => {
      const baseline = system.inCheckout?.(directory)
      if (baseline === undefined) return []
      return [{ name, about, systems: [system, baseline], reference: baseline.name, targets: [] }]
    }),
  )
}
