import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SortedLine } from '../../src/queue/memory/sorted-line.js'
import { SeqIndex } from '../../src/queue/seq-index.js'

interface Item {
  readonly seq: number
  at: number
  slot: number
}

const isBefore = (a: Item, b: Item): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq)

describe('a sorted line', () => {
  test('has its items in order, however they come and go', () => {
    const add = fc.record({ adds: fc.nat(8), ahead: fc.nat(3) })
    // More than it keeps gaps for, now and then.
    const steps = fc.array(fc.oneof(add, fc.record({ removes: fc.nat(100), from: fc.nat(99) })), {
      maxLength: 200,
      size: 'max',
    })
    fc.assert(
      fc.property(steps, fc.constantFrom(1, 300), (all, times) => {
        const line = new SortedLine<'slot', Item>('slot', isBefore)
        let model: Item[] = []
        let seq = 0
        for (const step of all) {
          if ('adds' in step) {
            for (let left = step.adds * times; left > 0; left--) {
              const item = { seq: ++seq, at: seq - step.ahead * (seq % 3), slot: -1 }
              line.add(item)
              model.push(item)
            }
            model.sort((a, b) => (isBefore(a, b) ? -1 : 1))
          } else {
            const start = Math.floor((model.length * step.from) / 100)
            const gone = model.splice(start, step.removes)
            for (const item of gone) line.remove(item)
            expect(gone.every(({ slot }) => slot === -1)).toBe(true)
          }
          expect(line.size).toBe(model.length)
          expect(line.first()).toBe(model[0])
        }
        expect([...line].every((item, at) => item === model[at])).toBe(true)
        line.clear()
        expect(model.every(({ slot }) => slot === -1)).toBe(true)
        model = []
        expect([line.size, line.first(), [...line]]).toEqual([0, undefined, []])
      }),
      { numRuns: 25 },
    )
  })
})

describe('an index by seq', () => {
  test('finds what a map finds', () => {
    const step = fc.record({
      first: fc.nat(3000),
      count: fc.nat(300),
      stride: fc.constantFrom(1, 2, 1024),
      adds: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const index = new SeqIndex<{ readonly seq: number }>()
        const model = new Map<number, { readonly seq: number }>()
        for (const { first, count, stride, adds } of steps) {
          for (let seq = first; seq < first + count * stride; seq += stride) {
            if (!adds) {
              index.remove(seq)
              model.delete(seq)
            } else if (!model.has(seq)) {
              const item = { seq }
              index.add(item)
              model.set(seq, item)
            }
          }
          expect(index.size).toBe(model.size)
          for (let seq = first - stride; seq <= first + count * stride; seq += stride) {
            if (index.find(seq) !== model.get(seq)) expect.fail(`seq ${seq} is not what it should be`)
          }
        }
        const bySeq = [...index].sort((a, b) => a.seq - b.seq)
        expect(bySeq).toEqual([...model.values()].sort((a, b) => a.seq - b.seq))
        index.clear()
        expect([index.size, [...index]]).toEqual([0, []])
      }),
      { numRuns: 15 },
    )
  })
})
