import { execFileSync } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { Stage } from './fixtures/stage.js'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.end())

async function completed(...words: string[]): Promise<string[]> {
  const { code, stdout } = await stage.ipc(['__complete', '--', ...words])
  expect(code).toBe(0)
  return stdout.split('\n').slice(0, -1)
}

describe('completion', () => {
  test('knows commands, options, and the values of these', async () => {
    expect(await completed('')).toEqual(
      expect.arrayContaining([
        'ls',
        'stat',
        'top',
        'tail',
        'send',
        'receive',
        'queue',
        'doctor',
        'gc',
        'completion',
      ]),
    )
    expect(await completed('st')).toEqual(['stat'])
    expect(await completed('queue', 'p')).toEqual(['peek', 'purge'])
    expect(await completed('tail', 'x', '--c')).toEqual(['--count', '--codec'])
    expect(await completed('tail', 'x', '--codec', '')).toEqual(['auto', 'json', 'msgpack'])
    expect(await completed('completion', 'z')).toEqual(['zsh'])
    expect(await completed('send', 'shm:x', '--secret-file', '')).toEqual([':file'])
    expect(await completed('ls', '--interval', 'x')).toEqual([])
  })

  test('knows the queues of a directory', async () => {
    const directory = stage.path('queues')
    await stage.program(['queue', 'send', 'jobs', '--dir', directory, '--create'], '1')
    expect(await completed('queue', 'peek', '--dir', directory, '')).toEqual(['jobs'])
  })

  test('works in bash', async () => {
    const { stdout } = await stage.ipc(['completion', 'bash'])
    const script = `
      ipc() { ${process.execPath} ${inject('programs')}/cli.js "$@"; }
      ${stdout}
      COMP_WORDS=(ipc queue p) COMP_CWORD=2
      _ipc
      printf '%s\\n' "\${COMPREPLY[@]}"`
    expect(execFileSync('bash', ['-c', script], { encoding: 'utf8' })).toBe('peek\npurge\n')
  })

  test.each(['zsh', 'fish'])('has a script for %s', async (shell) => {
    const { code, stdout } = await stage.ipc(['completion', shell])
    expect(code).toBe(0)
    expect(stdout).toContain('ipc __complete --')
  })
})

test('help is laid out as a manual, within 80 columns', async () => {
  for (const args of [['--help'], ['tail', '--help'], ['queue', 'send', '--help'], ['help', 'stat']]) {
    const { code, stdout, stderr } = await stage.ipc(args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^NAME\n {7}ipc.* - [^\n]+\n(?: {7}.+\n)?\nSYNOPSIS\n {7}ipc/)
    expect(stdout).toMatch(/^EXIT STATUS\n/m)
    // Lines of a shell are as long as they are.
    const [manual = ''] = stdout.split('\nEXAMPLES')
    expect(Math.max(...manual.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  }
})
