import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ROOT, readDocuments } from '../documents/code-block.js'
import { scriptOf, shellCommands } from '../documents/shell-command.js'

/** The benchmark alone takes a quarter of an hour, however brief its measurements are. */
const WATCHDOG_MS = 60 * 60_000

/** What a reader sees, of each command that he is told to type in the root of a fresh clone. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  'npx -y pnpm demo':
    /^net \(tcp\) .*intact.*^1 +One process creates.* shown .*^13 +To set up .* shown .*^report: report\.html$/ms,
  'npx -y pnpm demo --help': /^Usage: demo \[options\]$.*--transports/ms,
  'npx -y pnpm demo --web': /http:\/\/127\.0\.0\.1:4173\//,
  'npx -y pnpm bench': /^shm\/one-way\/64\/each.*^mq\/queue\/64.*^net\/one-way\/64.*^case +target +reached/ms,
  'npx -y pnpm bench --filter shm/one-way --rounds 3':
    /^shm\/one-way\/64\/each.*^ours \(processes\) +[\d.]+[kM]?.*\dx$/ms,
  'npx -y pnpm bench --targets --filter net/':
    /^net\/one-way\/64.*^case +target +reached.*^net\/round-trip\/64 .* (met|missed) *$/ms,
  'npx -y pnpm -s bench --filter shm/round-trip --json':
    /^\{"case":"machine",.*^\{"case":"shm\/round-trip\/spin","system":"ours \(processes\)"/ms,
  'npx -y pnpm bench --baseline ../before': /^shm\/one-way\/64\/each.*^ours \(processes\), baseline .*\dx$/ms,
}
/** Two hours are not for a test: each measurement is made, once and briefly. */
const BRIEFLY = ['--rounds', '1', '--seconds', '0.02']
/** It runs until it is interrupted. */
const SERVES = 'npx -y pnpm demo --web'

const workspace = mkdtempSync(join(tmpdir(), 'ipc-commands-'))
const clone = join(workspace, 'ipc')
const running = new Set<ChildProcess>()

const commands = (await readDocuments())
  .filter(({ path }) => path.endsWith('README.md'))
  .flatMap(shellCommands)
  .filter((command) => {
    const name = scriptOf(command)?.name
    // What this test is part of, CI types.
    return name !== undefined && name !== 'test'
  })
const lines = [...new Set(commands.map(({ command }) => command))]

beforeAll(() => {
  for (const [directory, prepare] of [
    [join(workspace, 'before'), 'bench --list'],
    [clone, ''],
  ] as const) {
    execFileSync('git', ['clone', '--quiet', ROOT, directory])
    if (prepare !== '') execFileSync('npx', ['-y', 'pnpm', ...prepare.split(' ')], { cwd: directory })
  }
  mkdirSync(join(workspace, 'tmp'))
}, WATCHDOG_MS)

afterAll(() => {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  rmSync(workspace, { recursive: true, force: true })
})

test('every command of a README has a shape, and no other has one', () => {
  expect(Object.keys(SHAPES).sort()).toEqual([...lines].sort())
})

test.for(lines)('%s', { timeout: WATCHDOG_MS }, async (line) => {
  const isBench = / bench\b/.test(line)
  const { output, end } = await type(isBench ? `${line} ${BRIEFLY.join(' ')}` : line, line === SERVES)
  expect(output).toMatch(SHAPES[line] as RegExp)
  expect(end, output).toBe(line === SERVES ? 'SIGINT' : 0)
})

/** As somebody types it in the root of the clone; one that serves is interrupted once it has said where. */
async function type(line: string, serves: boolean): Promise<{ output: string; end: unknown }> {
  const child = spawn('sh', ['-c', line], { cwd: clone, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      // Everything that the line has started, as Ctrl-C in a terminal does.
      if (serves && SHAPES[line]?.test(output) && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    })
  }
  const [code, signal] = await once(child, 'close')
  running.delete(child)
  return { output, end: signal ?? code }
}
