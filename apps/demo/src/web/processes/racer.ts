import { type Connection, serve } from '@ipc/core'
import type { Region } from '@ipc/shm'
import type { RaceGuard } from '../protocol.js'
import { clock, type News, type Order } from './orders.js'
import { RaceCounters } from './race-memory.js'

/** Increments between two turns of the event loop: some milliseconds. */
const CHUNK = { none: 200_000, mutex: 200, atomics: 200_000 } as const

/** One of two who count with one counter. In a process or a Web Worker. */
export function race(region: Region, supervisor: Connection, racer: number): void {
  const counters = new RaceCounters(region)
  serve(supervisor, (body) => {
    const order = body as Order
    // Answered at once: how far it is, the counters tell.
    if (order.type === 'race') void tellWhenDone(count(counters, racer, order.guard, order.count), supervisor)
    return undefined
  })
}

/** Say so when the work is done. */
export async function tellWhenDone(work: Promise<void>, supervisor: Connection): Promise<void> {
  await work
  supervisor.send({ type: 'done', at: clock() } satisfies News)
}

async function count(counters: RaceCounters, racer: number, guard: RaceGuard, goal: number): Promise<void> {
  for (let done = 0; done < goal; ) {
    const chunk = Math.min(CHUNK[guard], goal - done)
    increment[guard](counters, chunk)
    done += chunk
    counters.setDone(racer, done)
    await new Promise((resolve) => setTimeout(resolve))
  }
}

const increment: Readonly<Record<RaceGuard, (counters: RaceCounters, times: number) => void>> = {
  none(counters, times) {
    for (let i = 0; i < times; i++) counters.addPlainly()
  },
  mutex(counters, times) {
    for (let i = 0; i < times; i++) {
      const held = counters.lock.lockSync()
      counters.addPlainly()
      held.unlock()
    }
  },
  atomics(counters, times) {
    for (let i = 0; i < times; i++) counters.addAtomically()
  },
}
