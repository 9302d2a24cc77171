import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { execute } from '../../src/execute.js'
import { nodeOf } from '../../src/node-versions.js'
import type { Projects } from '../../src/projects.js'

const RUN_TIMEOUT_MS = 60_000

/** Says how a program ended: 42, or with which error. */
const WRAPPER = `
await import('./program.mjs').catch(({ code, message }) => console.log(code, message))
`

interface Case {
  readonly name: string
  readonly allow: readonly string[]
  /** What is said on Node.js 26, and on 20 where that differs. */
  readonly said: RegExp
  readonly saidOn20?: RegExp
}

const WORKS = /^42$/
const FILES = ['--allow-fs-read=*', '--allow-fs-write=*']

const CASES: readonly Case[] = [
  { name: '@ipc/core', allow: [], said: WORKS },
  { name: '@ipc/mq', allow: [], said: WORKS },
  { name: '@ipc/shm', allow: [], said: /^IPC_PERMISSION_DENIED .*--allow-fs-write/ },
  { name: '@ipc/shm', allow: FILES, said: /^IPC_PERMISSION_DENIED .*--allow-addons/ },
  { name: '@ipc/shm', allow: [...FILES, '--allow-addons', '--allow-net'], said: WORKS },
  { name: '@ipc/net', allow: [], said: /^IPC_PERMISSION_DENIED .*--allow-net/, saidOn20: WORKS },
  { name: '@ipc/net', allow: ['--allow-net'], said: WORKS },
  { name: '@ipc/mq-sqlite', allow: [], said: /^IPC_PERMISSION_DENIED .*--allow-worker/ },
  { name: '@ipc/mq-sqlite', allow: ['--allow-worker'], said: /^IPC_PERMISSION_DENIED .*--allow-fs-write/ },
  { name: '@ipc/mq-sqlite', allow: [...FILES, '--allow-worker', '--allow-addons'], said: WORKS },
]

/** Options that a version does not know it refuses. */
const UNKNOWN_ON_20 = new Set(['--allow-net'])

/** What each package does under the permission model of Node.js: work, or say which permission it needs. */
export function describePermissions(projects: () => Projects): void {
  async function run(version: string, { name, allow }: Case): Promise<string> {
    const isOld = version.startsWith('20.')
    const cwd = projects().folderOf(name)
    await writeFile(join(cwd, 'permitted.mjs'), WRAPPER)
    const permission = isOld ? '--experimental-permission' : '--permission'
    const allowed = allow.filter((option) => !isOld || !UNKNOWN_ON_20.has(option))
    const read = `--allow-fs-read=${projects().home}/*`
    const args = ['--no-warnings', permission, ...(allow.includes(FILES[0]!) ? [] : [read]), ...allowed]
    return execute(await nodeOf(version), [...args, 'permitted.mjs'], { cwd })
  }

  describe.each(['20.19.0', '26.10.0'])('Node.js %s with its permission model', (version) => {
    test.each(CASES)('$name with $allow', { timeout: RUN_TIMEOUT_MS }, async (each) => {
      const wanted = version.startsWith('20.') ? (each.saidOn20 ?? each.said) : each.said
      expect(await run(version, each)).toMatch(wanted)
    })
  })
}
