import { openQueue } from '@ipc/mq-sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { COLUMNS } from '../src/entry.js'
import { firstOwnerOf } from '../src/owners.js'
import type { Database } from '../src/sqlite.js'
import { Strangers } from '../src/strangers.js'
import { startBusy } from './fixtures/history.js'
import { withOwnMemory } from './fixtures/launchers.js'
import { openFixture } from './fixtures/open-fixture.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

const BOOT = 'this boot'
/** Several programs are started from their sources. */
const LIMIT = 60_000

describe('processes that see other shared memory', () => {
  test(
    'send to each other, each message once, and hear of what nobody rings for',
    async () => {
      using directory = temporaryDirectory()
      const consumer = startBusy([directory.path, 'consume', 'c', '0', 'os'], { launcher: withOwnMemory() })
      await consumer.until('ready')
      const queue = await openQueue<string>(directory.path, 'busy')
      const producer = startBusy([directory.path, 'produce', 'p', '60', 'os'], { launcher: withOwnMemory() })
      await Promise.all(Array.from({ length: 40 }, (_, n) => queue.send(`here-${n}`)))
      expect(await producer.ended).toBe(0)
      await consumer.until('acked', 100)
      const bodies = consumer.events.filter(({ what }) => what === 'got').map(({ body }) => body)
      expect(new Set(bodies).size).toBe(100)
      expect(bodies.length).toBe(100)
      consumer.child.kill('SIGKILL')
      await consumer.ended
      await queue.close()
    },
    LIMIT,
  )
})

describe('a stranger', () => {
  let db: Database
  let close: () => void
  let now = 0
  beforeEach(async () => {
    now = 1e6
    ;({ db, close } = await openFixture())
  })
  afterEach(() => close())

  const listener = (region = 'here'): Strangers => new Strangers(db, BOOT, region, () => now)
  let versions = 0
  /** As a look into the file that has changed. */
  const listen = (strangers: Strangers): number[] => {
    strangers.listen(++versions)
    return strangers.silent()
  }
  const enlist = (number: number, region: string): void =>
    db.exec(`INSERT INTO process VALUES (${number}, '${BOOT}', '${region}', ${number}, 1, 0)`)
  const lease = (number: number): void =>
    db.exec(
      `INSERT INTO message (${COLUMNS}) VALUES
       (${number}, 1, 3, 0, 9e999, ${firstOwnerOf(number) + 5}, 1, 0, 1, ${number}, 0, NULL, 1, NULL, NULL, NULL, x'00')`,
    )

  test('that holds leases is taken for dead after a minute without a beat, and not before', () => {
    enlist(1, 'there')
    lease(1)
    const here = listener()
    expect(listen(here)).toEqual([])
    now += 59_999
    expect(listen(here)).toEqual([])
    now += 1
    expect(listen(here)).toEqual([1])
  })

  test('is not while it beats, by whatever clock', () => {
    enlist(1, 'there')
    lease(1)
    const here = listener()
    const there = listener('there')
    for (let round = 0; round < 5; round++) {
      expect(listen(here)).toEqual([])
      there.beat(1)
      now += 40_000
    }
    expect(listen(here)).toEqual([])
  })

  test('is not while it holds nothing, and has a minute from its first lease on', () => {
    enlist(1, 'there')
    const here = listener()
    const there = listener('there')
    listen(here)
    now += 3_600_000
    expect(listen(here)).toEqual([])
    // With the lease, in one transaction.
    lease(1)
    there.beat(1)
    expect(listen(here)).toEqual([])
    now += 60_000
    expect(listen(here)).toEqual([1])
  })

  test('that was taken for dead and goes on is told so', () => {
    enlist(1, 'there')
    const there = listener('there')
    there.beat(1)
    db.exec('DELETE FROM process')
    expect(() => there.beat(1)).toThrow(/stood still for more than 60 s.*open the queue again/)
  })

  test('makes a process beat every five seconds, and nobody does without one', () => {
    enlist(1, 'here')
    const here = listener()
    listen(here)
    expect(here.isBeatDue).toBe(false)
    enlist(2, 'there')
    listen(here)
    expect(here.isBeatDue).toBe(true)
    here.beat(1)
    now += 4_999
    expect(here.isBeatDue).toBe(false)
    now += 1
    expect(here.isBeatDue).toBe(true)
  })
})
