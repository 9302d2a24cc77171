import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type App, Stage } from './fixtures/stage.js'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.end())

async function kill({ child }: App): Promise<void> {
  child.kill('SIGKILL')
  while (child.signalCode === null) await sleep(1)
}

async function stop({ child, pid }: App): Promise<void> {
  child.kill('SIGSTOP')
  while (!/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) await sleep(1)
}

test('ipc gc removes what a killed process has left, and nothing of a living or a stopped one', async () => {
  const [dead, , stopped] = [await stage.app('dead'), await stage.app('living'), await stage.app('stopped')]
  await dead.tell('listen dead-listener')
  await kill(dead)
  await stop(stopped)
  const dry = await stage.ipc(['gc', '--dry-run', '--dir', stage.directory])
  expect(dry.stdout).toMatch(/^region +dead +1 MiB +nobody has it open, 1 ended without leaving$/m)
  expect(dry.stdout).toMatch(/^2 would be removed, 1 MiB$/m)
  const { stdout } = await stage.ipc(['gc', '--json', '--dir', stage.directory])
  expect(JSON.parse(stdout)).toMatchObject({
    dryRun: false,
    removed: [
      { what: 'region', name: 'dead' },
      { what: 'listener', name: 'dead-listener' },
    ],
  })
  expect(readdirSync(stage.directory).filter((name) => name.endsWith('.region'))).toEqual([
    'living.region',
    'stopped.region',
  ])
  expect(readdirSync(stage.directory).filter((name) => /\.(?:lock|sock)$/.test(name))).toEqual([])
  expect(await stage.ipc(['gc', '--unused', '--dir', stage.directory])).toMatchObject({
    code: 0,
    stdout: `nothing dead in ${stage.directory}\n`,
  })
})

test('ipc doctor finds what works, what the dead have left, and what to do', async () => {
  const dead = await stage.app('dead')
  await kill(dead)
  const { code, stdout } = await stage.ipc(['doctor', '--json', '--dir', stage.directory])
  expect(code).toBe(0)
  const { findings } = JSON.parse(stdout) as { findings: { check: string; status: string; todo?: string }[] }
  expect(findings.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      'node',
      'sqlite',
      'shared memory',
      'directory',
      'tmpfs',
      'left by the dead',
      'open files',
    ]),
  )
  expect(findings.find(({ check }) => check === 'shared memory')).toMatchObject({ status: 'ok' })
  expect(findings.find(({ check }) => check === 'left by the dead')).toMatchObject({
    status: 'warn',
    todo: 'ipc gc',
  })
  for (const { status, todo } of findings) expect(todo === undefined).toBe(status === 'ok')
  expect(readdirSync(stage.directory)).toContain('dead.region')
})

test('ipc doctor without its native module says so, and fails', async () => {
  const { child, ended } = stage.start(['doctor', '--dir', stage.directory], { NODE_PATH: '' })
  child.stdin?.end()
  const { code, stdout } = await ended
  expect(code).toBe(1)
  expect(stdout).toMatch(/^FAIL {2}shared memory .*koffi/m)
  expect(stdout).toMatch(/→ install with optional dependencies, for koffi/)
})
