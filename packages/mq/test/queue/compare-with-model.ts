import { type CheckedMachine, checkStateMachine, type ModelSettings } from '@ipc/conformance'
import { memoryStore } from '../../src/queue/memory/memory-store.js'
import { resolveSettings } from '../../src/queue/queue-settings.js'
import { StateMachine } from '../../src/queue/state-machine.js'

/**
 * Run sequences of calls on the state machine over the memory store and on its model. Returns how many calls there were.
 *
 * @param seed - Of the first run; another one each time if it is not given.
 */
export function compareWithModel(runs: number, seed?: number): number {
  return checkStateMachine(open, runs, seed)
}

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
