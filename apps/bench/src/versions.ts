import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Provided, Requirement } from './requirements.js'

/** Who is measured beside ours. */
const PEERS = [
  '@nats-io/jetstream',
  '@photostructure/sqlite',
  'bullmq',
  'comlink',
  'node-ipc',
  'piscina',
  'ringbuf.js',
  'ws',
  'zeromq',
]
/** Programs that say their version, by what needs them. */
const PROGRAMS: readonly (readonly [Requirement, string])[] = [
  ['C programs', 'cc'],
  ['nats-server', 'nats-server'],
  ['redis-server', 'redis-server'],
]

/** Versions of the peers that are installed, and of the programs that a run uses. */
export async function versionsOf({ provided }: Pick<Provided, 'provided'>): Promise<Record<string, string>> {
  const versions: Record<string, string> = {}
  for (const name of PEERS) {
    const version = installedVersion(name)
    if (version !== undefined) versions[name] = version
  }
  for (const [need, program] of PROGRAMS) {
    const version = provided.has(need) ? await firstNumber(program, ['--version']) : undefined
    if (version !== undefined) versions[program] = version
  }
  return versions
}

/** The tree that is measured, as `git describe` names it; `undefined` outside of a repository. */
export async function describeCommit(): Promise<string | undefined> {
  return output('git', ['-C', import.meta.dirname, 'describe', '--always', '--dirty'])
}

/** Packages hide their package.json from importers: it is looked for where importing would. */
function installedVersion(name: string): string | undefined {
  for (const directory of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      const { version } = JSON.parse(readFileSync(join(directory, name, 'package.json'), 'utf8'))
      return version
    } catch {
      // Further up, if anywhere.
    }
  }
  return undefined
}

async function firstNumber(program: string, args: readonly string[]): Promise<string | undefined> {
  return /\d+(\.\d+)+/.exec((await output(program, args)) ?? '')?.[0]
}

async function output(program: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(program, [...args])
    return stdout.trim()
  } catch {
    return undefined
  }
}
