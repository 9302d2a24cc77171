import { existsSync, lstatSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type Host, hostOver, startProcess, startWorker } from '@ipc/conformance'
import { isIpcError } from '@ipc/core'
import { net } from '@ipc/net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PeerRole } from './fixtures/peer.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

const transport = net()
const PEER = new URL('./fixtures/peer.ts', import.meta.url)
let temporary: TemporaryDirectory

beforeEach(() => {
  temporary = temporaryDirectory()
})

afterEach(() => temporary.remove())

function freshPath(): string {
  return `${temporary.directory}/socket`
}

/** Have another program listen at `path`; it accepts one connection and closes its listener then. */
async function listenElsewhere(host: Host, path: string): Promise<void> {
  const role: PeerRole = { accept: `unix:${path}` }
  host.open(role).catch(() => {})
  while (!(await answers(path))) await delay(5)
}

/** Whether somebody listens, and not only has begun to: the file is there a little earlier. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** A socket file whose owner was killed. */
async function leaveStale(path: string): Promise<void> {
  const program = await startProcess(PEER)
  await listenElsewhere(hostOver(program), path)
  await program.kill()
  expect(lstatSync(path).isSocket()).toBe(true)
}

async function expectToTalk(
  address: string,
  listener: Awaited<ReturnType<typeof transport.listen>>,
): Promise<void> {
  const [near, far] = await Promise.all([transport.connect(address), listener.accept()])
  near.send('hello')
  expect(await far.receive()).toBe('hello')
  await near.close()
}

describe('Unix socket path', () => {
  test('of the greatest length works, one byte more is refused before anything happens', async () => {
    const most = process.platform === 'darwin' ? 103 : 107
    const path = `${temporary.directory}/${'x'.repeat(most - temporary.directory.length - 1)}`
    const listener = await transport.listen(`unix:${path}`)
    expect(existsSync(path)).toBe(true)
    await expectToTalk(`unix:${path}`, listener)
    await listener.close()
    // Two bytes of UTF-8: bytes are what counts.
    for (const longer of [`${path}x`, `${path.slice(0, -1)}é`]) {
      await expect(transport.listen(`unix:${longer}`)).rejects.toThrow(`has ${most + 1} bytes`)
      await expect(transport.connect(`unix:${longer}`)).rejects.toThrow(TypeError)
    }
  })

  test('is for its owner only, whatever the umask, and gone after close', async () => {
    const path = freshPath()
    const umask = process.umask(0)
    try {
      const listener = await transport.listen(`unix:${path}`)
      expect(statSync(path).mode & 0o777).toBe(0o600)
      expect(process.umask()).toBe(0)
      await listener.close()
      expect(existsSync(path)).toBe(false)
    } finally {
      process.umask(umask)
    }
  })

  test('is for its owner only when a worker listens, where the umask cannot be changed', async () => {
    const path = freshPath()
    const program = await startWorker(PEER)
    await listenElsewhere(hostOver(program), path)
    while ((statSync(path).mode & 0o777) !== 0o600) await delay(5)
    const connection = await transport.connect(`unix:${path}`)
    connection.abort()
    await program.kill()
  })

  test('in a directory that does not exist rejects and names the directory', async () => {
    const path = `${temporary.directory}/missing/socket`
    const listening = transport.listen(`unix:${path}`)
    await expect(listening).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining(`create the directory ${temporary.directory}/missing first`),
    })
  })

  test('at which nobody listens rejects connect with IPC_CONNECT_FAILED', async () => {
    await expect(transport.connect(`unix:${freshPath()}`)).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      details: { systemCode: 'ENOENT' },
    })
  })

  test('with something else than a socket is left alone', async () => {
    const file = freshPath()
    writeFileSync(file, 'precious')
    await expect(transport.listen(`unix:${file}`)).rejects.toMatchObject({ code: 'IPC_ADDRESS_IN_USE' })
    await expect(transport.connect(`unix:${file}`)).rejects.toSatisfy((error) => isIpcError(error))
    expect(statSync(file).size).toBe('precious'.length)
    rmSync(file)
    mkdirSync(file)
    await expect(transport.listen(`unix:${file}`)).rejects.toMatchObject({ code: 'IPC_ADDRESS_IN_USE' })
    expect(statSync(file).isDirectory()).toBe(true)
  })

  test('of a live listener is IPC_ADDRESS_IN_USE, and the listener is not disturbed', async () => {
    const path = freshPath()
    const listener = await transport.listen(`unix:${path}`)
    const inode = lstatSync(path).ino
    for (let i = 0; i < 3; i++) {
      await expect(transport.listen(`unix:${path}`)).rejects.toMatchObject({ code: 'IPC_ADDRESS_IN_USE' })
    }
    expect(lstatSync(path).ino).toBe(inode)
    await expectToTalk(`unix:${path}`, listener)
    await listener.close()
  })

  test('of a listener in another process that is busy counts as live', async () => {
    const path = freshPath()
    const program = await startProcess(PEER)
    await listenElsewhere(hostOver(program), path)
    program.child.kill('SIGSTOP')
    await expect(transport.listen(`unix:${path}`)).rejects.toMatchObject({ code: 'IPC_ADDRESS_IN_USE' })
    program.child.kill('SIGCONT')
    const connection = await transport.connect(`unix:${path}`)
    connection.abort()
    await program.kill()
  })

  test('left behind by a killed listener is taken over', async () => {
    const path = freshPath()
    await leaveStale(path)
    await expect(transport.connect(`unix:${path}`)).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      details: { systemCode: 'ECONNREFUSED' },
    })
    const listener = await transport.listen(`unix:${path}`)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await expectToTalk(`unix:${path}`, listener)
    await listener.close()
  })

  test('left behind is taken over by one of several that start at the same moment', async () => {
    const path = freshPath()
    await leaveStale(path)
    const attempts = await Promise.allSettled(
      Array.from({ length: 5 }, () => transport.listen(`unix:${path}`)),
    )
    const listeners = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? [attempt.value] : []))
    const errors = attempts.flatMap((attempt) => (attempt.status === 'rejected' ? [attempt.reason] : []))
    expect(listeners).toHaveLength(1)
    expect(new Set(errors.map(({ code }) => code))).toEqual(new Set(['IPC_ADDRESS_IN_USE']))
    await expectToTalk(`unix:${path}`, listeners[0] as (typeof listeners)[0])
    await listeners[0]?.close()
  })
})
