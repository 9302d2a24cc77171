import { describe, expect, test } from 'vitest'
import { checkFlat, checkLeaks, ProgressWatch, RingHistory, type Violation, Violations } from './history.js'

/** A history of producers 1 and 2, told by `tell`; which violations it has. */
function violationsOf(
  tell: (history: RingHistory) => void,
  committed: Readonly<Record<number, number>>,
): Violation['kind'][] {
  const violations = new Violations()
  const history = new RingHistory('ring', violations)
  tell(history)
  history.finished((from) => committed[from] ?? 0, Object.keys(committed).map(Number))
  return violations.all.map(({ kind }) => kind)
}

function deliver(history: RingHistory, ...records: string[]): void {
  for (const record of records) {
    const [from, number] = record.split('.').map(Number) as [number, number]
    history.delivered({ from, number })
  }
}

describe('a history of a ring', () => {
  test('in which all comes once and in order has no violation', () => {
    expect(
      violationsOf((history) => deliver(history, '1.0', '2.0', '1.1', '2.1', '1.2'), { 1: 3, 2: 2 }),
    ).toEqual([])
  })

  test('may have one record more than its dead producer has told', () => {
    expect(violationsOf((history) => deliver(history, '1.0', '1.1'), { 1: 1 })).toEqual([])
  })

  test('may have records again that a dead consumer had not released', () => {
    const tell = (history: RingHistory): void => {
      deliver(history, '1.0', '2.0')
      history.released()
      deliver(history, '1.1', '2.1', '1.2')
      history.restarted()
      deliver(history, '2.1')
      history.restarted()
      // This one has got nothing.
      history.restarted()
      deliver(history, '2.1', '1.2', '1.3')
    }
    expect(violationsOf(tell, { 1: 4, 2: 2 })).toEqual([])
  })

  test.each<[string, Violation['kind'][], (history: RingHistory) => void]>([
    ['a record is missing in the middle', ['lost'], (history) => deliver(history, '1.0', '1.2')],
    ['the last record is missing', ['lost'], (history) => deliver(history, '1.0', '1.1')],
    ['a record comes twice', ['repeated'], (history) => deliver(history, '1.0', '1.1', '1.1', '1.2')],
    ['two records have changed places', ['reordered'], (history) => deliver(history, '1.0', '1.2', '1.1')],
    [
      'records come that nobody has written',
      ['unwritten'],
      (history) => deliver(history, '1.0', '1.1', '1.2', '1.3', '1.4'),
    ],
    [
      'a record is torn',
      ['torn'],
      (history) => {
        deliver(history, '1.0', '1.1', '1.2')
        history.torn('record 1 of 1 is torn at 9')
      },
    ],
    [
      'a released record comes again after the death of a consumer',
      ['repeated'],
      (history) => {
        deliver(history, '1.0', '1.1')
        history.released()
        history.restarted()
        deliver(history, '1.1', '1.2')
      },
    ],
    [
      'not all that was not released comes again',
      ['reordered'],
      (history) => {
        deliver(history, '1.0', '1.1', '1.2')
        history.restarted()
        deliver(history, '1.0', '1.2')
      },
    ],
    [
      'records come again though no consumer has died',
      ['repeated', 'repeated'],
      (history) => deliver(history, '1.0', '1.1', '1.0', '1.1', '1.2'),
    ],
  ])('in which %s has that violation', (_what, kinds, tell) => {
    expect(violationsOf(tell, { 1: 3 })).toEqual(kinds)
  })

  test('shows what came last with a violation', () => {
    const violations = new Violations()
    deliver(new RingHistory('ring', violations), '7.0', '7.1', '7.1')
    expect(violations.all).toEqual([{ kind: 'repeated', what: 'ring: 7.1 (last: 7.0 7.1 7.1)' }])
  })
})

describe('a watch of progress', () => {
  test('reports a kind of work that stands still for too long, and no other', () => {
    const violations = new Violations()
    const watch = new ProgressWatch(violations, 1000)
    for (let now = 0; now <= 1500; now += 100) {
      watch.look('locks', Math.min(now, 300), now)
      watch.look('values', now, now)
    }
    expect(violations.all).toEqual([{ kind: 'stuck', what: 'no locks for 1100 ms, after 300' }])
  })
})

describe('what is left in the end', () => {
  test('is reported if it was not there in the beginning, as often as it is there', () => {
    const violations = new Violations()
    checkLeaks(violations, 'file', ['a', 'b'], ['b', 'c', 'b'])
    expect(violations.all.map(({ what }) => what)).toEqual(['file: c', 'file: b'])
  })

  test('is reported if it grows all the time, and not if it goes up and down', () => {
    const violations = new Violations()
    checkFlat(violations, 'steady', [5, 9, 6, 8, 9, 5], 1)
    checkFlat(violations, 'growing', [5, 6, 7, 8, 9, 10], 0)
    expect(violations.all.map(({ what }) => what.split(':')[0])).toEqual(['growing'])
  })
})
