import { describe, expect, test } from 'vitest'
import { TRANSPORTS } from '../src/transports/index.js'
import { demo, gone, Run, WATCHDOG_MS } from './fixtures/cli-run.js'
import { flightsFile } from './fixtures/input.js'

/** A signal that cannot be caught is only half as telling where there are no signals. */
const WINDOWS = process.platform === 'win32'
const processes = TRANSPORTS.filter(({ p2 }) => p2 === 'process')
const threads = TRANSPORTS.filter(({ p2 }) => p2 === 'thread')
const OPEN = / (records|blocks), P1 pid (\d+), P2 (?:pid (\d+)|a thread of it)\n/

function started(transport: string): Run {
  return demo('--transports', transport, '--input', flightsFile(), '--seconds', '600')
}

describe.runIf(!WINDOWS)('when a process dies', { timeout: WATCHDOG_MS }, () => {
  test.each(processes)('P1 reports IPC_PEER_LOST over $id when P2 is killed', async ({ id, label }) => {
    const run = started(id)
    const [, , p1, p2] = await run.complaint(OPEN)
    const killed = performance.now()
    process.kill(Number(p2), 'SIGKILL')
    expect(await run.exitCode()).toBe(1)
    const endedMs = Math.round(performance.now() - killed)
    const [line, noticedMs] = await run.complaint(/^demo: .*, noticed (\d+) ms later: .*$/m)
    expect(line).toContain(`demo: ${label}: IPC_PEER_LOST: P2 (pid ${p2}) ended with SIGKILL`)
    console.log(
      `${id}: IPC_PEER_LOST ${noticedMs} ms after the end of P2, the demo ended after ${endedMs} ms`,
    )
    expect(run.stderr.match(/^demo: /gm)).toHaveLength(1)
    await gone(Number(p1))
    expect(run.leftovers()).toEqual([])
  })

  test.each(threads)('P1 reports IPC_PEER_LOST over $id when P2 is terminated', async ({ id }) => {
    const run = new Run('kill-thread', [id, flightsFile()])
    expect(await run.exitCode()).toBe(0)
    const { code, message } = JSON.parse(run.stdout)
    console.log(`${id}: ${code}: ${message}`)
    expect(code).toBe('IPC_PEER_LOST')
  })

  test.each(TRANSPORTS)('nobody is left over $id when P0 is killed', async ({ id }) => {
    const run = started(id)
    const [, , p1, p2] = await run.complaint(OPEN)
    run.child.kill('SIGKILL')
    await gone(Number(p1))
    if (p2 !== undefined) await gone(Number(p2))
    expect(run.leftovers()).toEqual([])
  })

  test('P0 says so and P2 ends when P1 is killed', async () => {
    const run = started('net-unix')
    const [, , p1, p2] = await run.complaint(OPEN)
    process.kill(Number(p1), 'SIGKILL')
    expect(await run.exitCode()).toBe(1)
    expect(run.stderr).toContain(`demo: net (unix): IPC_PEER_LOST: P1 (pid ${p1}) ended with SIGKILL`)
    await gone(Number(p2))
    expect(run.leftovers()).toEqual([])
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends all of them and leaves nothing', async (signal) => {
    const run = started('shm')
    const [, , p1, p2] = await run.complaint(OPEN)
    run.child.kill(signal)
    expect(await run.exitCode()).toBe(signal === 'SIGINT' ? 130 : 143)
    await gone(Number(p1))
    await gone(Number(p2))
    expect(run.stdout).toBe('')
    expect(run.stderr).toMatch(/^(shm \(processes\): .*\n)+$/)
    expect(run.leftovers()).toEqual([])
  })
})
