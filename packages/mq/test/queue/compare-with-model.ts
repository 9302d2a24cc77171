import { type CheckedMachine, checkStateMachine, type ModelSettings } from '@ipc/conformance'
import { memoryStore } from '../../src/queue/memory/memory-store.js'
import { resolveSettings } from '../../src/queue/queue-settings.js'
import { StateMachine } from '../../src/queue/state-machine.js'

/** As `checkStateMachine`, over the memory store. */
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
