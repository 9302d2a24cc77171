import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Running, Stage } from './fixtures/stage.js'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.end())

/** A receiver that listens, and where. */
async function receiver(address: string, ...more: string[]): Promise<{ running: Running; address: string }> {
  const running = stage.start(['receive', address, '--listen', '--dir', stage.directory, ...more])
  const [, found = ''] = await running.shows(/listening at (\S+)/, 'stderr')
  return { running, address: found }
}

function send(address: string, input: string | Uint8Array, ...more: string[]): ReturnType<Stage['ipc']> {
  return stage.ipc(['send', address, '--dir', stage.directory, ...more], input)
}

describe('ipc send and receive', () => {
  test.each([
    ['shm', () => 'shm:lines'],
    ['tcp', () => 'tcp://127.0.0.1:0'],
    ['unix', () => `unix:${stage.path('lines.sock')}`],
  ])('carry lines over %s', async (_name, address) => {
    const { running, address: at } = await receiver(address())
    expect(await send(at, 'one\n\ntwo\nlast', '--json')).toMatchObject({
      code: 0,
      stdout: '{\n  "messages": 4,\n  "bytes": 10\n}\n',
    })
    expect(await running.ended).toMatchObject({ code: 0, stdout: 'one\n\ntwo\nlast\n' })
  })

  test('carry a file byte for byte with --raw', async () => {
    const content = randomBytes(3_000_001)
    const { running, address } = await receiver('shm:raw', '--raw')
    running.child.stdout?.setEncoding('latin1')
    expect(await send(address, content, '--raw')).toMatchObject({ code: 0 })
    expect(Buffer.from((await running.ended).stdout, 'latin1').equals(content)).toBe(true)
  })

  test.each(['json', 'msgpack'])('carry JSON texts as values with --codec %s', async (codec) => {
    const { running, address } = await receiver('shm:values', '--codec', codec)
    const lines = '{"id":1,"tags":["a"]}\n"text"\nnull\n'
    expect(await send(address, lines, '--codec', codec)).toMatchObject({ code: 0 })
    expect((await running.ended).stdout).toBe(lines)
  })

  test('prove with a secret who they are', async () => {
    writeFileSync(stage.path('secret'), randomBytes(32))
    const { running, address } = await receiver('tls://127.0.0.1:0', '--secret-file', stage.path('secret'))
    expect(await send(address, 'hello\n', '--secret-file', stage.path('secret'))).toMatchObject({ code: 0 })
    expect((await running.ended).stdout).toBe('hello\n')
  })

  test('with --json print one line for each message', async () => {
    const { running, address } = await receiver('shm:json', '--json', '--count', '2')
    await send(address, Buffer.from('text\n\u00ff\n', 'latin1'))
    expect((await running.ended).stdout).toBe('{"message":"text"}\n{"message":{"base64":"/w=="}}\n')
  })

  test('with --keep-open go on with the next peer', async () => {
    const { running, address } = await receiver('shm:many', '--keep-open', '--count', '2')
    await send(address, 'one\n')
    await send(address, 'two\n')
    expect((await running.ended).stdout).toBe('one\ntwo\n')
  })

  test('may be the other way around', async () => {
    const sender = stage.start(['send', 'shm:turned', '--listen', '--dir', stage.directory])
    await sender.shows(/listening/, 'stderr')
    sender.child.stdin?.end('hello\n')
    expect(await stage.ipc(['receive', 'shm:turned', '--dir', stage.directory])).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    })
    expect(await sender.ended).toMatchObject({ code: 0 })
  })
})

describe('exit codes', () => {
  test('3: nobody listens', async () => {
    expect(await send('shm:nobody', 'x')).toMatchObject({
      code: 3,
      stderr: 'ipc: nobody listens on nobody: start the listener first\n',
    })
  })

  test('2: what cannot be meant', async () => {
    for (const args of [
      [],
      ['nothing'],
      ['send'],
      ['ls', '--what'],
      ['send', 'ftp://x'],
      ['top', '--interval', '0'],
    ]) {
      expect(await stage.ipc(args)).toMatchObject({ code: 2, stderr: expect.stringMatching(/^ipc: .+\n$/) })
    }
    const { running, address } = await receiver('shm:strict', '--codec', 'json')
    expect(await send(address, '{"id":1}\nno json\n', '--codec', 'json')).toMatchObject({
      code: 2,
      stderr: 'ipc: line 2 is no JSON: "no json" (--codec bytes sends lines as they are)\n',
    })
    expect(await running.ended).toMatchObject({ code: 6 })
  })

  test('5: there was nobody in time', async () => {
    expect(await send('shm:late', 'x', '--timeout', '80')).toMatchObject({ code: 5 })
    expect(
      await stage.ipc(['receive', 'shm:late', '--listen', '--timeout', '50', '--dir', stage.directory]),
    ).toMatchObject({
      code: 5,
    })
  })

  test('6: the peer was killed', async () => {
    const { running, address } = await receiver('shm:dying')
    const sender = stage.start(['send', address, '--dir', stage.directory])
    sender.child.stdin?.write('first\n')
    await running.shows(/first/)
    sender.child.kill('SIGKILL')
    expect(await running.ended).toMatchObject({ code: 6, stdout: 'first\n' })
    const other = await receiver('shm:dying')
    const late = stage.start(['send', other.address, '--dir', stage.directory])
    late.child.stdin?.write('second\n')
    await other.running.shows(/second/)
    other.running.child.kill('SIGKILL')
    // Its standard input is still open.
    expect(await late.ended).toMatchObject({ code: 6 })
  })

  test('9: not on this system', async () => {
    expect(await send('pipe:lines', 'x')).toMatchObject({ code: 9 })
  })

  test('7: somebody else has the address; 1: another codec, which is named', async () => {
    const { address } = await receiver('shm:taken', '--keep-open')
    expect(await stage.ipc(['receive', address, '--listen', '--dir', stage.directory])).toMatchObject({
      code: 7,
    })
    expect(await send(address, '1', '--codec', 'json')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--codec json'),
    })
  })
})
