import { type CheckedMachine, checkStateMachine, type ModelSettings } from '@ipc/conformance'
import { describe, test } from 'vitest'
import { memoryStore } from '../../src/queue/memory/memory-store.js'
import { resolveSettings } from '../../src/queue/queue-settings.js'
import { StateMachine } from '../../src/queue/state-machine.js'

describe('the state machine over the memory store', () => {
  test('does in every sequence of calls what the simple model does', () => {
    checkStateMachine(open, 300)
  })
})

function open({ backoffFirstMs: firstMs, backoffMaxMs: maxMs, ...rest }: ModelSettings): CheckedMachine {
  const store = memoryStore()
  const table = store.table('queue')
  const lost: number[] = []
  const resolved = resolveSettings({ ...rest, backoff: { firstMs, maxMs } })
  const machine = new StateMachine(
    table,
    resolved,
    () => store.nextId(),
    ({ seq }) => lost.push(seq),
  )
  return { table, machine, lost }
}
