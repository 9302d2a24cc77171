import { findOnPath, installPackages } from '@ipc/debian'
import type { BenchCase, System } from './bench-case.js'
import { buildCPrograms, type CPrograms } from './peers/c-programs.js'

const MAX_REASON_LENGTH = 200

/** What some systems need beside Node.js. */
export type Requirement = 'C programs' | 'nats-server' | 'redis-server' | 'strace' | 'zeromq'

/** What is there of it. */
export interface Provided {
  readonly programs: CPrograms | undefined
  /** What is there, of what the run needs. */
  readonly provided: ReadonlySet<Requirement>
  /** What is not there, and why not. */
  readonly missing: ReadonlyMap<Requirement, string>
}

/** Provide what the systems of `cases` need, or say why it is not to be had. Installing may take minutes, once. */
export async function provide(cases: readonly BenchCase[]): Promise<Provided> {
  const needed = new Set(cases.flatMap(({ systems }) => systems.flatMap(requirementsOf)))
  const missing = new Map<Requirement, string>()
  const programs = needed.has('C programs') ? await buildCPrograms() : undefined
  if (needed.has('C programs') && programs === undefined) {
    missing.set('C programs', 'the C programs cannot be built here (cc)')
  }
  for (const program of ['nats-server', 'redis-server', 'strace'] as const) {
    if (!needed.has(program)) continue
    await provideProgram(program).catch((error) => missing.set(program, `no ${program}: ${lineOf(error)}`))
  }
  if (needed.has('zeromq')) {
    await import('zeromq').catch((error) =>
      missing.set('zeromq', `zeromq cannot be loaded: ${lineOf(error)}`),
    )
  }
  const provided = new Set([...needed].filter((need) => !missing.has(need)))
  return { programs, provided, missing }
}

/** What a system needs. */
export function requirementsOf({ needs = [] }: System): readonly Requirement[] {
  return typeof needs === 'string' ? [needs] : needs
}

/** Program and package have the same name. */
async function provideProgram(name: 'nats-server' | 'redis-server' | 'strace'): Promise<void> {
  if ((await findOnPath(name)) !== undefined) return
  await installPackages({ packages: [name], isThere: `command -v ${name}` })
}

/** What an error says, in one line that is not too long. */
function lineOf(error: unknown): string {
  const { message } = error instanceof Error ? error : new Error(String(error))
  return message.trim().replaceAll(/\s+/g, ' ').slice(0, MAX_REASON_LENGTH)
}
