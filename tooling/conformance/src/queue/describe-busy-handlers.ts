import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { MessageQueue } from '@ipc/core'
import { describe, expect, test } from 'vitest'
import { until } from '../check.js'
import type { BusyWord } from './busy-handling.js'

/** Far shorter than any handler here takes. */
const LEASE_MS = 50

/** A program that handles with `handleBusily`. */
export interface BusyProgram {
  on(event: 'message', listener: (word: unknown) => void): unknown
}

/** How {@link describeBusyHandlers} gets a queue and its consumers. */
export interface BusyHarness {
  readonly name: string
  /** A queue whose broker is in this program, with leases of that length. */
  open(leaseMs: number): Promise<{
    readonly queue: MessageQueue<{ readonly until: string }>
    /** Start a program that consumes from it. */
    start(maxRunMs: number | undefined): Promise<BusyProgram>
    dispose(): Promise<void>
  }>
}

/** Define the tests of handlers that keep the event loop of their program busy. */
export function describeBusyHandlers({ name, open }: BusyHarness): void {
  const busyTest = (what: string, run: (fixture: Busy) => Promise<void>, maxRunMs?: number): void => {
    test(what, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'ipc-busy-'))
      const { queue, start, dispose } = await open(LEASE_MS)
      try {
        const words: BusyWord[] = []
        const program = await start(maxRunMs)
        program.on('message', (word) => {
          if (typeof word === 'object' && word !== null && 'busy' in word) words.push(word as BusyWord)
        })
        const file = join(directory, 'enough')
        await queue.send({ until: file })
        await until(() => words.length === 1)
        await run({ queue, words, finish: () => writeFileSync(file, '') })
      } finally {
        await dispose()
        rmSync(directory, { recursive: true, force: true })
      }
    })
  }

  describe(`${name}: a handler that keeps its event loop busy`, { timeout: 60_000 }, () => {
    busyTest('keeps its message, whatever the lease', async ({ queue, words, finish }) => {
      expect(await queue.receive({ timeoutMs: 20 * LEASE_MS })).toBeUndefined()
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 1 })
      finish()
      await until(async () => (await queue.stats()).leased === 0)
      await until(() => words.length === 2)
      expect(words).toEqual([{ busy: 'handling' }, { busy: 'handled' }])
      expect(await queue.stats()).toMatchObject({ ready: 0, delayed: 0, dead: 0 })
    })

    busyTest(
      'loses its message after maxRunMs, while it is still at it',
      async ({ queue, words, finish }) => {
        const again = await queue.receive({ leaseMs: 600_000 })
        expect(again?.attempt).toBe(2)
        expect(words).toEqual([{ busy: 'handling' }])
        await again?.ack()
        finish()
        await until(() => words.length === 3)
        expect(words.slice(1)).toEqual([{ busy: 'handled' }, { busy: 'failed', code: 'IPC_LEASE_LOST' }])
        expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, dead: 0 })
      },
      3 * LEASE_MS,
    )
  })
}

interface Busy {
  readonly queue: MessageQueue<{ readonly until: string }>
  readonly words: readonly BusyWord[]
  finish(): void
}
