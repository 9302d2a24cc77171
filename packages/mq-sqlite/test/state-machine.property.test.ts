import { type CheckedMachine, checkStateMachine, type ModelSettings } from '@ipc/conformance'
import { resolveSettings, StateMachine } from '@ipc/mq/internal'
import { afterEach, beforeEach, describe, test } from 'vitest'
import type { Database, Query } from '../src/sqlite.js'
import { SqliteTable } from '../src/sqlite-table.js'
import { tableQueries } from '../src/table-queries.js'
import { openFixture } from './fixtures/open-fixture.js'

let db: Database
let close: () => void
let tables = 0

beforeEach(async () => {
  ;({ db, close } = await openFixture())
})
afterEach(() => close())

describe('the state machine over a table of SQLite', () => {
  test('does in every sequence of calls what the simple model does', () => {
    checkStateMachine((settings) => open(settings, () => false), 60)
  })

  test('and when others write in between', () => {
    checkStateMachine((settings) => open(settings, (pick) => pick % 3 === 0), 60)
  })
})

/** @param othersWrote - Whether it is to be as if others had written before that step. */
function open(settings: ModelSettings, othersWrote: (pick: number) => boolean): CheckedMachine {
  db.exec('DELETE FROM message')
  const queries = tableQueries(db)
  let lastSeq = 0
  let lastId = 0
  const table = new SqliteTable(`queue-${++tables}`, {
    queries,
    nextSeq: () => ++lastSeq,
    touched() {},
    arrived() {},
    awaited() {},
  })
  const lost: number[] = []
  const { backoffFirstMs: firstMs, backoffMaxMs: maxMs, ...rest } = settings
  const machine = new StateMachine(
    table,
    resolveSettings({ ...rest, backoff: { firstMs, maxMs } }),
    () => ++lastId,
    ({ seq }) => lost.push(seq),
  )
  return {
    table,
    machine,
    lost,
    between(pick) {
      table.save()
      table.committed()
      expectCounted(queries.counts, table)
      if (othersWrote(pick)) table.othersWrote()
    },
  }
}

/** The counters in the file are those that are known here, and the rows are as many. */
function expectCounted(counts: Query, table: SqliteTable): void {
  const row = counts.get(table.number) ?? {}
  const states = db.prepare('SELECT state, count(*) AS n FROM message WHERE queue = ? GROUP BY state')
  const found = new Map(states.all(table.number).map(({ state, n }) => [state, n]))
  const named = ['ready', 'delayed', 'blocked', 'leased', 'dead']
  for (const [state, name] of named.entries()) {
    if (row[name] !== (found.get(state) ?? 0)) {
      throw new Error(`${name}: ${row[name]} are counted, there are ${found.get(state) ?? 0}`)
    }
  }
}
