import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HotLoop } from '../src/wait/hot-loop.js'

/** A loop under a clock of its own, whose turns this test takes. */
class Driven {
  nowMs = 0
  parks = 0
  #work = 0
  readonly loop = new HotLoop({
    work: () => {
      if (this.#work === 0) return false
      this.#work--
      return true
    },
    park: () => {
      this.parks++
      return true
    },
  })

  /** Work comes `gapMs` after the last; the loop takes a turn each hundredth of a millisecond while it is hot. */
  workAfter(gapMs: number): 'hot' | 'parked' {
    const comes = this.nowMs + gapMs
    const before = this.parks
    while (this.nowMs < comes && this.parks === before) this.#turn()
    this.nowMs = Math.max(this.nowMs, comes)
    this.#work = 1
    const parked = this.parks > before
    if (parked) this.loop.runNow()
    else this.#turn()
    return parked ? 'parked' : 'hot'
  }

  /** Work comes after so much time in which the loop, which is parked, sleeps. */
  sleepUntilWork(gapMs: number): void {
    this.nowMs += gapMs
    this.#work = 1
    this.loop.runNow()
  }

  #turn(): void {
    this.nowMs += 0.01
    this.loop.turn()
  }
}

let driven: Driven

beforeEach(() => {
  driven = new Driven()
  vi.spyOn(performance, 'now').mockImplementation(() => driven.nowMs)
  driven.loop.wake()
})

afterEach(() => {
  driven.loop.stop()
  vi.restoreAllMocks()
})

describe('a hot loop', () => {
  test('waits hot for work that comes at once, and parks when none comes', () => {
    for (let i = 0; i < 10; i++) expect(driven.workAfter(0.02)).toBe('hot')
    expect(driven.workAfter(10)).toBe('parked')
  })

  test('comes to wait hot for work that keeps coming soon after it has parked', () => {
    // As long as the wake-up of a peer that is parked too takes: two such sides would wake each other for ever.
    expect(driven.workAfter(0.3)).toBe('parked')
    const ways = Array.from({ length: 10 }, () => driven.workAfter(0.3))
    expect(ways.slice(2)).toEqual(new Array(8).fill('hot'))
  })

  test('does not wait hot for work that comes seldom', () => {
    const ways = Array.from({ length: 20 }, () => driven.workAfter(5))
    expect(ways).toEqual(new Array(20).fill('parked'))
  })

  test('tries ever more seldom where waiting hot does not help', () => {
    // On a single core work comes only once this loop sleeps, however long it waits.
    let hotMs = 0
    for (let i = 0; i < 300; i++) {
      const before = driven.nowMs
      const parks = driven.parks
      while (driven.parks === parks) {
        driven.nowMs += 0.01
        driven.loop.turn()
      }
      hotMs += driven.nowMs - before
      driven.sleepUntilWork(0.05)
    }
    expect(hotMs / 300).toBeLessThan(0.12)
  })
})
