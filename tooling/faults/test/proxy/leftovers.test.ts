import { latency, resetAfter, slice } from '@ipc/faults'
import { expect, test } from 'vitest'
import { pattern, startNetwork, turns, until } from './network.js'

const NEVER_MS = 1_000_000_000
const ROUNDS = 10

test('a proxy that is closed leaves no socket and no timer', async () => {
  await turns(50)
  const before = census()
  for (let round = 0; round < ROUNDS; round++) await useAndClose()
  // The test runner has timers too, some of the time; but not as many as a proxy that left its own.
  await until(() => census().sockets === before.sockets && census().timers < before.timers + ROUNDS / 2)
})

async function useAndClose(): Promise<void> {
  const toxics = [latency({ ms: NEVER_MS }), resetAfter({ ms: NEVER_MS })]
  await using network = await startNetwork({ up: toxics, down: [...toxics, slice({ bytes: 1 })] })
  const timersBefore = census().timers
  network.proxy.cutRandomly({ meanMs: NEVER_MS })
  network.proxy.record()
  const [first, second, third] = [await network.connect(), await network.connect(), await network.connect()]
  first.dialer.socket.write('on its way')
  second.listener.socket.end(pattern(1000))
  third.connection.pause()
  network.proxy.pauseAll()
  network.dial()
  network.proxy.resumeAll()
  await turns(50)
  expect(census().timers).toBeGreaterThanOrEqual(timersBefore + 8)
  network.proxy.stopListening()
  await network.proxy.listenAgain()
  await Promise.all([network.proxy.close(), network.proxy.close()])
}

function census(): { sockets: string; timers: number } {
  const kinds = process.getActiveResourcesInfo()
  return {
    sockets: kinds.filter((kind) => /^(TCP|Pipe|Shutdown|Immediate)/.test(kind)).join(),
    timers: kinds.filter((kind) => kind === 'Timeout').length,
  }
}
