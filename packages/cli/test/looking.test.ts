import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, Stage } from './fixtures/stage.js'

let stage: Stage
let app: App
beforeEach(async () => {
  stage = new Stage()
  app = await stage.app()
})
afterEach(() => stage.end())

/** What a command prints with `--json`. */
async function json(...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await stage.ipc([...args, '--dir', stage.directory, '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

/** What it prints for people. */
async function text(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await stage.ipc([...args, '--dir', stage.directory])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

describe('ipc ls', () => {
  test('lists regions with who uses them, and listeners with their connections', async () => {
    await app.tell('listen lines')
    const sender = stage.start(['send', 'shm:lines', '--dir', stage.directory])
    await untilConnected()
    expect(await json('ls')).toMatchObject({
      directory: stage.directory,
      regions: [
        {
          name: 'app',
          bytes: 2 ** 20,
          schema: 'app-1',
          creatorPid: app.pid,
          content: 'objects',
          objects: 6,
          alive: 1,
          dead: 0,
        },
      ],
      listeners: [
        {
          name: 'lines',
          alive: true,
          pid: app.pid,
          connections: [{ name: 'lines', pids: expect.arrayContaining([app.pid, sender.child.pid]) }],
        },
      ],
      queues: [],
    })
    const lines = (await text('ls')).split('\n')
    expect(lines[0]).toMatch(/^REGION +SIZE +CONTENT +USERS +AGE +CREATOR +SCHEMA$/)
    expect(lines[1]).toMatch(new RegExp(`^app +1 MiB +6 objects +1 alive +\\d+ s +${app.pid} +app-1$`))
    expect(lines[4]).toMatch(new RegExp(`^shm:lines +alive +${app.pid} +1 +${sender.child.pid}$`))
  })

  test('tells the dead from the living', async () => {
    const dead = await stage.app('dead')
    dead.child.kill('SIGKILL')
    await untilEnded(dead)
    expect(await json('ls')).toMatchObject({
      regions: [
        { name: 'app', alive: 1, dead: 0 },
        { name: 'dead', alive: 0, dead: 1 },
      ],
    })
    expect(await text('ls')).toMatch(/^dead .* none 1 dead /m)
  })

  test('of an empty directory says so', async () => {
    const { stdout } = await stage.ipc(['ls', '--dir', stage.path('nowhere')])
    expect(stdout).toBe(`nothing in ${stage.path('nowhere')}\n`)
  })
})

describe('ipc stat', () => {
  test('shows true positions', async () => {
    await app.tell('ticks 10')
    await app.tell('take 4')
    await app.tell('log one')
    await app.tell('news two')
    await app.tell('price 12')
    await app.tell('lock')
    await app.tell('slot')
    const slot = 0
    expect(await json('stat', 'app')).toMatchObject({
      name: 'app',
      region: {
        participants: [{ slot, pid: app.pid, alive: true, state: 'awake', losses: 0 }],
        objects: [
          { kind: 'spsc', name: 'ticks', head: 4 * 24, tail: 10 * 24, lagBytes: 6 * 24 },
          { kind: 'mpsc', name: 'log', head: 0, tail: 64, lagBytes: 64, producers: [slot] },
          { kind: 'broadcast', name: 'news', tail: 24, records: 1, readers: [] },
          { kind: 'value', name: 'price', version: 1, payload: { base64: 'eyJwcmljZSI6MTJ9' } },
          { kind: 'mutex', name: 'lock', holder: slot, waiting: 0 },
          { kind: 'semaphore', name: 'slots', available: 2, permits: 3 },
        ],
      },
    })
    const shown = await text('stat', 'app')
    expect(shown).toMatch(/^ticks +spsc +64 KiB +head 96 {2}tail 240 {2}lag 144 \(0 %\)$/m)
    expect(shown).toMatch(/^price +value +256 B +version 1 {2}value \{"price":12\}$/m)
    expect(shown).toMatch(/^lock +mutex +- +held by 0 {2}waiting 0$/m)
  })

  test('shows who waits', async () => {
    await app.tell('park')
    let waiting: unknown
    do {
      waiting = ((await json('stat', 'app')) as Waiting).region.objects[1]?.waitingForRecords
    } while (JSON.stringify(waiting) !== '[0]')
    expect(await text('stat', 'app')).toMatch(/^log .*awaits records 0$/m)
  })

  test('of nothing exits with 3', async () => {
    const { code, stdout, stderr } = await stage.ipc(['stat', 'nothing', '--dir', stage.directory])
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toBe(
      `ipc: there is no region and no listener nothing in ${stage.directory}: \`ipc ls\` lists them\n`,
    )
  })
})

interface Waiting {
  readonly region: { readonly objects: readonly { readonly waitingForRecords?: readonly number[] }[] }
}

describe('ipc top', () => {
  test('shows how fast positions move', async () => {
    const top = stage.start([
      'top',
      'app',
      '--interval',
      '50',
      '--count',
      '3',
      '--dir',
      stage.directory,
      '--json',
    ])
    await top.shows(/\n/)
    await app.tell('ticks 100')
    const looks = (await top.ended).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(looks).toHaveLength(3)
    const ticks = looks.map(({ flows }) => flows.find(({ name }: { name: string }) => name === 'app/ticks'))
    expect(ticks[0].bytesPerSecond).toBeUndefined()
    expect(ticks[2]).toMatchObject({ kind: 'spsc', bytes: 2400, lagBytes: 2400, alive: 1 })
    expect(Math.max(ticks[1].bytesPerSecond, ticks[2].bytesPerSecond)).toBeGreaterThan(0)
  })

  test('prints tables one after the other when nobody watches', async () => {
    const shown = await text('top', '--count', '2', '--interval', '20')
    expect(shown.match(/^NAME +KIND +BYTES\/S +RECORDS\/S +LAG +WAIT +USERS$/gm)).toHaveLength(2)
    expect(shown).not.toContain('\u001b')
  })
})

describe('ipc tail', () => {
  test('prints what is written, and takes nothing away', async () => {
    const tail = stage.start([
      'tail',
      'app',
      'log',
      '--count',
      '2',
      '--from',
      'oldest',
      '--dir',
      stage.directory,
    ])
    await app.tell('log first')
    await app.tell('log second')
    expect(await tail.ended).toEqual({ code: 0, stdout: 'first\nsecond\n', stderr: '' })
    expect(await json('stat', 'app')).toMatchObject({
      region: { participants: [{ pid: app.pid }], objects: [{}, { head: 0, tail: 128 }, {}, {}, {}, {}] },
    })
  })

  test('with --json tells where each record is', async () => {
    const args = [
      'tail',
      'app',
      'news',
      '--count',
      '2',
      '--from',
      'oldest',
      '--json',
      '--dir',
      stage.directory,
    ]
    await app.tell('news a')
    await app.tell('news b')
    const { stdout } = await stage.ipc(args)
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { payload: 'a', kind: 0, position: 0, sequence: 0 },
      { payload: 'b', kind: 0, position: 24, sequence: 1 },
    ])
    expect((await stage.ipc([...args.slice(0, -3), '--raw', '--dir', stage.directory])).stdout).toBe('ab')
  })

  test('wants to know which ring, and that there is one', async () => {
    const several = await stage.ipc(['tail', 'app', '--dir', stage.directory])
    expect(several).toMatchObject({ code: 2, stderr: expect.stringContaining('ticks, log, news') })
    expect(await stage.ipc(['tail', 'app', 'other', '--dir', stage.directory])).toMatchObject({ code: 3 })
    expect(await stage.ipc(['tail', 'app', 'lock', '--dir', stage.directory])).toMatchObject({ code: 1 })
  })

  test('ends with Ctrl-C, and says so by its exit code', async () => {
    const tail = stage.start(['tail', 'app', 'log', '--from', 'oldest', '--dir', stage.directory])
    await app.tell('log first')
    await tail.shows(/first/)
    tail.child.kill('SIGINT')
    expect(await tail.ended).toEqual({ code: 130, stdout: 'first\n', stderr: '' })
  })
})

test('looking changes no byte of a region', async () => {
  await app.tell('ticks 10')
  const path = `${stage.directory}/app.region`
  const before = readFileSync(path)
  await text('ls')
  await text('stat', 'app')
  await text('top', '--count', '2', '--interval', '20')
  await stage.ipc(['tail', 'app', 'ticks', '--count', '10', '--from', 'oldest', '--dir', stage.directory])
  await stage.ipc(['gc', '--dir', stage.directory])
  await stage.ipc(['doctor', '--dir', stage.directory])
  expect(readFileSync(path).equals(before)).toBe(true)
})

async function untilConnected(): Promise<void> {
  while (!/"pids": \[\s+\d+,/.test(JSON.stringify(await json('ls'), undefined, 2))) await sleep(10)
}

async function untilEnded({ child }: App): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) await sleep(1)
}
