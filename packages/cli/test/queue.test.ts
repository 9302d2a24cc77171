import { existsSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Ended, Stage } from './fixtures/stage.js'

let stage: Stage
let directory: string
beforeEach(() => {
  stage = new Stage()
  directory = stage.path('queues')
})
afterEach(() => stage.end())

function queue(command: string, args: readonly string[] = [], stdin = ''): Promise<Ended> {
  return stage.program(['queue', command, ...args, '--dir', directory], stdin)
}

const THREE = '{"id":1}\n{"id":2}\n{"id":3}\n'

describe('ipc queue, in a directory', () => {
  test('sends, lists, peeks without taking, receives', async () => {
    expect(await queue('send', ['jobs', '--create', '--json'], THREE)).toEqual({
      code: 0,
      stdout: '{\n  "sent": 3\n}\n',
      stderr: '',
    })
    expect((await queue('ls')).stdout.split('\n').slice(0, 2)).toEqual([
      expect.stringMatching(/^QUEUE +READY +DELAYED +BLOCKED +LEASED +DEAD +SIZE +DROPPED +EXPIRED$/),
      expect.stringMatching(/^jobs +3 +0 +0 +0 +0 +\d+ B +0 +0$/),
    ])
    const peeked = await queue('peek', ['jobs', '--count', '2', '--json'])
    expect(
      peeked.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { attempts: 0, priority: 0, body: { id: 1 } },
      { attempts: 0, body: { id: 2 } },
    ])
    expect(await queue('receive', ['jobs', '--count', '2'])).toEqual({
      code: 0,
      stdout: '{"id":1}\n{"id":2}\n',
      stderr: '',
    })
    expect(await queue('receive', ['jobs', '--timeout', '0'])).toMatchObject({
      code: 0,
      stdout: '{"id":3}\n',
    })
    const { stdout } = await queue('ls', ['--json'])
    expect(JSON.parse(stdout)).toMatchObject({ queues: [{ name: 'jobs', stats: { ready: 0, leased: 0 } }] })
  })

  test('removes messages, and puts dead letters back', async () => {
    await queue('send', ['jobs', '--create', '--codec', 'bytes'], 'no msgpack: \u00ff\n')
    await queue('send', ['jobs'], THREE)
    const refused = await queue('receive', ['jobs', '--codec', 'json', '--count', '1'])
    expect(refused).toMatchObject({ code: 0, stderr: expect.stringContaining('a dead letter now') })
    const dead = await queue('peek', ['jobs', '--dead', '--codec', 'bytes'])
    expect(dead.stdout).toMatch(/no msgpack/)
    expect((await queue('redrive', ['jobs'])).stdout).toBe('1 dead letters put back\n')
    expect((await queue('purge', ['jobs', '--json'])).stdout).toBe('{\n  "purged": 4\n}\n')
  })

  test('sends what is there, though there may be more', async () => {
    const send = stage.start(['queue', 'send', 'jobs', '--create', '--dir', directory])
    send.child.stdin?.write('{"id":1}\n')
    let received: Ended
    // Until the queue is there.
    do {
      received = await queue('receive', ['jobs', '--count', '1'])
    } while (received.code === 3)
    expect(received).toMatchObject({ code: 0, stdout: '{"id":1}\n' })
    send.child.stdin?.end()
    expect(await send.ended).toMatchObject({ code: 0 })
  })

  test('makes nothing that nobody asked for', async () => {
    expect(await queue('ls')).toMatchObject({ code: 3 })
    for (const command of ['peek', 'receive', 'purge', 'redrive', 'send']) {
      expect(await queue(command, ['jobs'])).toMatchObject({ code: 3 })
    }
    expect(existsSync(directory)).toBe(false)
    await queue('send', ['jobs', '--create'], '1')
    expect(await queue('receive', ['mails'])).toMatchObject({
      code: 3,
      stderr: `ipc: there is no queue mails in ${directory}, there are: jobs\n`,
    })
  })

  test('is found by ipc ls while somebody uses it', async () => {
    await queue('send', ['jobs', '--create'], '1')
    const shm = stage.start(['queue', 'receive', 'jobs', '--dir', directory])
    await shm.shows(/1/)
    const { stdout } = await stage.ipc(['ls', '--json'])
    const { queues } = JSON.parse(stdout) as { queues: { directory?: string; pids: number[] }[] }
    expect(queues.find((found) => found.directory === directory)).toMatchObject({ pids: [shm.child.pid] })
  })
})

describe('ipc queue, at a broker', () => {
  test('tells, looks, sends and receives', async () => {
    const app = await stage.app()
    await app.tell('broker queues')
    const at = (command: string, args: readonly string[], stdin = ''): Promise<Ended> =>
      stage.ipc(['queue', command, ...args, '--at', 'shm:queues', '--shm-dir', stage.directory], stdin)
    expect((await at('ls', ['jobs'])).stdout).toMatch(/^jobs +1 +0/m)
    expect((await at('peek', ['jobs'])).stdout).toMatch(/\{"id":1\}$/m)
    await at('send', ['jobs', '--priority', '5'], '{"id":2}')
    expect((await at('receive', ['jobs', '--timeout', '0'])).stdout).toBe('{"id":2}\n{"id":1}\n')
    expect(await at('receive', ['other'])).toMatchObject({ code: 3 })
    expect(await at('ls', [])).toMatchObject({ code: 2 })
  })

  test('wants to know where', async () => {
    expect(await stage.ipc(['queue', 'ls'])).toMatchObject({ code: 2 })
    expect(await stage.ipc(['queue', 'ls', '--dir', 'x', '--at', 'shm:y'])).toMatchObject({ code: 2 })
  })
})
