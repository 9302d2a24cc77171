import { afterAll, describe } from 'vitest'
import type { TransportHarness } from './harness.js'
import type { PairHarness } from './pair-test.js'
import { abortSuite } from './suites/abort.js'
import { backpressureSuite } from './suites/backpressure.js'
import { capabilitiesSuite } from './suites/capabilities.js'
import { deliverySuite } from './suites/delivery.js'
import { errorsSuite } from './suites/errors.js'
import { halfCloseSuite } from './suites/half-close.js'
import { leaksSuite } from './suites/leaks.js'
import { lifecycleSuite } from './suites/lifecycle.js'
import { limitsSuite } from './suites/limits.js'
import { listenerSuite } from './suites/listener.js'
import { orderingSuite } from './suites/ordering.js'
import { peerDeathSuite } from './suites/peer-death.js'
import { publishSubscribeSuite } from './suites/publish-subscribe.js'
import { requestReplySuite } from './suites/request-reply.js'
import { sequencesSuite } from './suites/sequences.js'
import { waitsSuite } from './suites/waits.js'

/** The suites by the names of their `describe` blocks. */
export const SUITES: Readonly<Record<string, (harness: PairHarness) => void>> = {
  capabilities: capabilitiesSuite,
  lifecycle: lifecycleSuite,
  'half-close': halfCloseSuite,
  delivery: deliverySuite,
  ordering: orderingSuite,
  sequences: sequencesSuite,
  backpressure: backpressureSuite,
  limits: limitsSuite,
  abort: abortSuite,
  errors: errorsSuite,
  waits: waitsSuite,
  'request and reply': requestReplySuite,
  'publish and subscribe': publishSubscribeSuite,
  'peer death': peerDeathSuite,
  listener: listenerSuite,
  leaks: leaksSuite,
}

/**
 * Define the tests that every transport passes: the executable specification of `Connection`, `Transport` and
 * `Listener`. Call it at the top level of a test file.
 *
 * @example test/conformance.test.ts
 * ```ts
 * const peers = createPeers(() => startProcess(new URL('./fixtures/peer.ts', import.meta.url)))
 * describeTransport({
 *   name: 'net (unix)',
 *   capabilities: net().capabilities,
 *   canKill: true,
 *   async open({ local, remote } = {}) {
 *     const address = freshAddress()
 *     const listener = await net().listen(address, local)
 *     const host = await peers.take()
 *     const [connection, other] = await Promise.all([listener.accept(), host.open(address, remote)])
 *     await listener.close()
 *     return { local: connection, remote: other, dispose: async () => connection.abort() }
 *   },
 *   dispose: () => peers.dispose(),
 * })
 * ```
 */
export function describeTransport<Address>(harness: TransportHarness<Address>): void {
  describe(`${harness.name}: conformance`, { timeout: harness.testTimeoutMs ?? 20_000 }, () => {
    afterAll(() => harness.dispose?.())
    for (const suite of Object.values(SUITES)) suite(harness)
  })
}
