import { type Connection, type Listener, type NetOptions, net, type SessionState, sessionOf } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { type RunningProgram, run } from './fixtures/run.js'

const RECONNECT = { firstMs: 10, longestMs: 50 }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Talk {
  readonly program: RunningProgram
  readonly connection: Connection<number>
  readonly listener: Listener<number>
}

/** A process that talks to this one. */
async function talk(here: NetOptions, there: NetOptions, blockMs = 0): Promise<Talk> {
  const listener = await net(here).listen<number>('tcp://127.0.0.1:0')
  const program = run('talker.ts', [listener.address, JSON.stringify(there), String(blockMs)])
  const connection = await listener.accept()
  ends.push(
    () => listener.close(),
    () => program.kill(),
    () => connection.abort(),
  )
  await program.line('connected')
  return { program, connection, listener }
}

/** Receives until so many have come, in order, from `first` on. */
async function receiveUntil(connection: Connection<number>, first: number, last: number): Promise<void> {
  for (let expected = first; expected <= last; expected++) expect(await connection.receive()).toBe(expected)
}

function untilState(connection: Connection<number>, state: SessionState): Promise<void> {
  return new Promise((resolve) => {
    if (sessionOf(connection)?.state === state) resolve()
    sessionOf(connection)?.onState((now) => {
      if (now === state) resolve()
    })
  })
}

describe.skipIf(process.platform === 'win32')('a process that is stopped', () => {
  test('is declared lost for its silence where there is no session', async () => {
    const { program, connection } = await talk({ resume: false, silenceMs: 500 }, { resume: false })
    await receiveUntil(connection, 0, 5)
    const stoppedMs = performance.now()
    program.child.kill('SIGSTOP')
    const { code, by, error } = await connection.closed
    const afterMs = performance.now() - stoppedMs
    expect({ code, by }).toEqual({ code: 'IPC_PEER_LOST', by: 'transport' })
    expect(error?.message).toContain('it said nothing for 500 ms')
    // Not before its time. What came just before may still have been on its way.
    expect(afterMs).toBeGreaterThan(500 / 2)
    console.log(`lost ${Math.round(afterMs)} ms after it was stopped, with a silence of 500 ms`)
    program.child.kill('SIGCONT')
    expect(await program.line('closed')).toMatch(/IPC_PEER_LOST/)
  })

  test('goes on where it was when it continues within the window of its session', async () => {
    const { program, connection } = await talk({ silenceMs: 400 }, { silenceMs: 0, reconnect: RECONNECT })
    await receiveUntil(connection, 0, 5)
    program.child.kill('SIGSTOP')
    await untilState(connection, 'reconnecting')
    program.child.kill('SIGCONT')
    await untilState(connection, 'connected')
    await program.line('state connected')
    await receiveUntil(connection, 6, 60)
    expect(sessionOf(connection)?.resumes).toBe(1)
  })

  test('is lost when its window is over, and learns that its session is', async () => {
    const here = { silenceMs: 400, resume: { windowMs: 300 } }
    const { program, connection } = await talk(here, { silenceMs: 0, reconnect: RECONNECT })
    await receiveUntil(connection, 0, 5)
    program.child.kill('SIGSTOP')
    expect((await connection.closed).code).toBe('IPC_PEER_LOST')
    program.child.kill('SIGCONT')
    expect(await program.line('closed')).toBe('closed IPC_SESSION_LOST')
  })

  test('that is the listener is lost to its dialer, which calls until it continues', async () => {
    const { program, connection } = await talk({ silenceMs: 0 }, { silenceMs: 400, reconnect: RECONNECT })
    await receiveUntil(connection, 0, 5)
    // The one that listens is this process: it stands still without being stopped.
    const end = performance.now() + 1500
    while (performance.now() < end);
    await program.line('state reconnecting')
    await program.line('state connected')
    await receiveUntil(connection, 6, 60)
  })
})

describe('a process whose event loop is blocked for 3 s', () => {
  test('declares nobody lost, though it tolerates a silence of less', { timeout: 60_000 }, async () => {
    // It would break the connection if it took its own standing still for that of the other side.
    const { program, connection } = await talk(
      { silenceMs: 0 },
      { silenceMs: 800, reconnect: RECONNECT },
      3000,
    )
    await program.line('unblocked')
    await receiveUntil(connection, 0, 150)
    expect(sessionOf(connection)).toMatchObject({ state: 'connected', resumes: 0 })
    await connection.close()
    expect(await program.line('closed')).toBe('closed in order')
  })

  test('is not declared lost by a side with the silence that is usual', { timeout: 60_000 }, async () => {
    const { program, connection } = await talk({}, {}, 3000)
    await program.line('unblocked')
    await receiveUntil(connection, 0, 150)
    expect(sessionOf(connection)).toMatchObject({ state: 'connected', resumes: 0 })
  })
})
