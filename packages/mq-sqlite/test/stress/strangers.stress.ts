import { openQueue } from '@ipc/mq-sqlite'
import { expect, test } from 'vitest'
import { type Busy, startBusy } from '../fixtures/history.js'
import { withOwnMemory } from '../fixtures/launchers.js'
import { temporaryDirectory } from '../fixtures/temporary-directory.js'

/** Longer than the silence that is taken for death. */
const HANG_MS = 90_000

test('of processes that see other shared memory one hangs, one is killed, one is stopped: two lose what they had', async () => {
  using directory = temporaryDirectory()
  const launcher = withOwnMemory()
  const env = { LOOP_MS: String(HANG_MS) }
  const queue = await openQueue<string>(directory.path, 'busy', { create: { leaseMs: 600_000 } })
  const holding = async (name: string): Promise<Busy> => {
    const busy = startBusy([directory.path, 'loop', name, '0', 'disk'], { launcher, env })
    await busy.until('ready')
    await queue.send(name)
    await busy.until('got')
    return busy
  }
  const hung = await holding('hung')
  const killed = await holding('killed')
  const stopped = await holding('stopped')
  killed.child.kill('SIGKILL')
  stopped.child.kill('SIGSTOP')
  const began = performance.now()
  const back = [await queue.receive(), await queue.receive()]
  console.log(`given back after ${((performance.now() - began) / 1000).toFixed(1)} s`)
  expect(back.map((delivery) => delivery?.body).sort()).toEqual(['killed', 'stopped'])
  await Promise.all(back.map((delivery) => delivery?.ack()))
  stopped.child.kill('SIGCONT')
  expect(await stopped.ended).toBe(3)
  expect(stopped.events.map(({ what }) => what)).toEqual(['ready', 'got', 'late', 'looped', 'IPC_FENCED'])
  // It has beaten meanwhile, though its event loop stood still.
  await hung.until('acked')
  expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
  hung.child.kill('SIGKILL')
  await hung.ended
  await queue.close()
}, 240_000)
