import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Fifo } from '../src/internal.js'

describe('Fifo', () => {
  test('gives items in the order they came', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 100; i++) fifo.push(i)
    expect(fifo.length).toBe(100)
    expect(fifo.peek()).toBe(0)
    expect(Array.from({ length: 100 }, () => fifo.shift())).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(fifo.length).toBe(0)
  })

  test('is empty: shift and peek give undefined', () => {
    const fifo = new Fifo<number>()
    expect([fifo.shift(), fifo.peek(), fifo.length]).toEqual([undefined, undefined, 0])
  })

  test('holds undefined like any other item', () => {
    const fifo = new Fifo<undefined>()
    fifo.push(undefined)
    expect(fifo.length).toBe(1)
    fifo.shift()
    expect(fifo.length).toBe(0)
  })

  test('is empty and usable after clear', () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 40; i++) fifo.push(i)
    fifo.clear()
    expect(fifo.length).toBe(0)
    fifo.push(7)
    expect(fifo.shift()).toBe(7)
  })

  test('behaves like an array in any sequence of operations', () => {
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ push: fc.integer() }) },
      { weight: 2, arbitrary: fc.constant('shift' as const) },
      { weight: 1, arbitrary: fc.constant('peek' as const) },
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const fifo = new Fifo<number>()
        const model: number[] = []
        for (const step of operations) {
          if (step === 'shift') expect(fifo.shift()).toBe(model.shift())
          else if (step === 'peek') expect(fifo.peek()).toBe(model[0])
          else {
            fifo.push(step.push)
            model.push(step.push)
          }
          expect(fifo.length).toBe(model.length)
        }
      }),
    )
  })
})
