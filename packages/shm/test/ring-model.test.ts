import { createRegion, type Producer } from '@ipc/shm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RING_HEAD, RING_TAIL } from '../src/ring/ring-layout.js'
import { CAPACITY_BYTES, RING_CASES, readAll } from './fixtures/ring-cases.js'
import { type ModelRecord, RingModel } from './fixtures/ring-model.js'
import { FIRST_OBJECT, wordsOf } from './fixtures/two-regions.js'

const PRODUCERS = 3
/** Positions are int32: 2 ** 31 - 64 is the last unit before they turn negative, -64 the last before 0. */
const POSITIONS = [0, 960, 2 ** 31 - 64, 2 ** 31 - 1024, 2 ** 31 - 4096, -64, -1024, -4096, -(2 ** 31)]

const who = fc.nat(PRODUCERS - 1)
const length = fc.oneof(fc.nat(256), fc.constantFrom(0, 1, 8, 56, 63, 64, 65, 248))
const command = fc.oneof(
  fc.record({ op: fc.constant('claim' as const), who, length, kind: fc.constantFrom(0, 1, 2 ** 31 - 1) }),
  fc.record({ op: fc.constantFrom('commit' as const, 'stage' as const, 'abort' as const), who }),
  fc.record({ op: fc.constant('publish' as const), who }),
  fc.record({ op: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 5 }) }),
  fc.record({ op: fc.constantFrom('receive' as const, 'drain' as const, 'take over' as const) }),
)

const SHARED = RING_CASES.filter(({ memory }) => memory === 'SharedArrayBuffer')

describe.each(SHARED)('$ring', ({ ring: name, make, most }) => {
  test('any sequence of claims, commits, aborts, stages and reads is a queue, also where positions wrap', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...POSITIONS),
        fc.array(command, { minLength: 20, maxLength: 200 }),
        (position, commands) => {
          const region = createRegion(32_768)
          const ring = make(region, 'ring', { capacityBytes: CAPACITY_BYTES })
          const words = wordsOf(region)
          words[(FIRST_OBJECT + RING_TAIL) >> 2] = position
          words[(FIRST_OBJECT + RING_HEAD) >> 2] = position
          const model = new RingModel(name, CAPACITY_BYTES, position)
          const producers = Array.from({ length: name === 'spscRing' ? 1 : PRODUCERS }, () => ring.producer())
          const claims = new Map<Producer, ModelRecord>()
          let consumer = ring.consumer()
          let fill = 0
          const compare = (read: [number, Uint8Array][], limit: number): void => {
            expect(read).toEqual(model.read(limit).map(({ kind, payload }) => [kind, payload]))
          }
          for (const next of commands) {
            const producer = producers['who' in next ? next.who % producers.length : 0] as Producer
            const claim = claims.get(producer)
            switch (next.op) {
              case 'claim': {
                if (claim !== undefined || next.length > most) break
                const payload = new Uint8Array(next.length).fill(++fill)
                const record = model.claim(payload, next.kind)
                const at = producer.tryClaim(next.length, next.kind)
                expect(at >= 0).toBe(record !== undefined)
                if (record === undefined) break
                producer.bytes.set(payload, at)
                claims.set(producer, record)
                break
              }
              case 'commit':
              case 'stage':
              case 'abort':
                if (claim === undefined) break
                claims.delete(producer)
                if (next.op === 'abort') model.abort(claim)
                else model.stage(claim)
                if (next.op === 'commit') model.publish()
                producer[next.op]()
                break
              case 'publish':
                model.publish()
                producer.publish()
                break
              case 'read':
                compare(readAll(consumer, next.limit), next.limit)
                break
              case 'receive': {
                const [expected] = model.read(1)
                expect(consumer.tryReceive()).toEqual(expected?.payload)
                break
              }
              case 'drain':
                compare(readAll(consumer), Number.POSITIVE_INFINITY)
                expect(consumer.ready).toBe(false)
                break
              case 'take over':
                consumer = ring.consumer()
            }
          }
          compare(readAll(consumer), Number.POSITIVE_INFINITY)
        },
      ),
      { numRuns: 300 },
    )
  })
})
