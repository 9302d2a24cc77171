import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Figure, type System, WARM_UP_SECONDS } from '../bench-case.js'
import type { OneWayShape } from '../one-way.js'
import type { RoundTripShape } from '../round-trip.js'

const run = promisify(execFile)
const SOURCES = fileURLToPath(new URL('../c/', import.meta.url))
const PROGRAMS = ['one-way', 'round-trip'] as const

/** The C programs, built for this run. */
export interface CPrograms {
  /** Run one of them and read what it prints. */
  run(
    program: (typeof PROGRAMS)[number],
    args: readonly (string | number)[],
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, number>>>
  /** Remove them. */
  remove(): void
}

/** Build the C programs; `undefined` on a machine that has no compiler, or nothing that they need. */
export async function buildCPrograms(): Promise<CPrograms | undefined> {
  // Not beside the names of shared memory: programs often must not run from there.
  const directory = mkdtempSync(join(tmpdir(), `ipc-bench-c-${process.pid}-`))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    for (const program of PROGRAMS) {
      const source = join(SOURCES, `${program}.c`)
      await run('cc', ['-O2', '-pthread', source, '-o', join(directory, program)])
    }
  } catch {
    remove()
    return undefined
  }
  return {
    async run(program, args, signal) {
      const { stdout } = await run(join(directory, program), args.map(String), {
        signal,
        killSignal: 'SIGKILL',
      })
      return JSON.parse(stdout)
    },
    remove,
  }
}

/** A ring between two processes. */
export function cOneWay(name: string, { messageBytes, batch, capacityBytes }: OneWayShape): System {
  return cSystem(name, async (programs, seconds, signal) => {
    const args = [messageBytes, batch, capacityBytes, WARM_UP_SECONDS, seconds]
    const { rate } = await programs.run('one-way', args, signal)
    return [{ metric: 'rate', value: rate ?? Number.NaN, unit: 'messages/s' }]
  })
}

/** Two rings between two processes, that spin or sleep in a futex. */
export function cRoundTrip(
  name: string,
  mode: 'spin' | 'futex',
  { timedEvery, pauseMs }: RoundTripShape,
): System {
  return cSystem(name, async (programs, seconds, signal) => {
    const args = [mode, pauseMs * 1000, timedEvery, WARM_UP_SECONDS, seconds]
    const { p50, p99 } = await programs.run('round-trip', args, signal)
    return [
      { metric: 'p50', value: p50 ?? Number.NaN, unit: 'us' },
      { metric: 'p99', value: p99 ?? Number.NaN, unit: 'us' },
    ]
  })
}

function cSystem(
  name: string,
  measure: (programs: CPrograms, seconds: number, signal: AbortSignal) => Promise<readonly Figure[]>,
): System {
  return {
    name,
    needs: 'C programs',
    async measure({ programs, seconds, signal }) {
      if (programs === undefined) throw new TypeError('the C programs are not built')
      return measure(programs, seconds, signal)
    },
  }
}
