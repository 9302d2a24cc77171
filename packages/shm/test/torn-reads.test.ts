import { createRegion, openRegion, type Region, type SharedValueReader, sharedValue } from '@ipc/shm'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Peer, startProcess, startThread } from './fixtures/peer.js'
import { type TemporaryDirectory, temporaryMemoryDirectory } from './fixtures/temporary-directory.js'
import { CELL_WORDS, isWhole, naiveIn, REGION_BYTES, WHOLE, type Whole } from './fixtures/value-objects.js'
import type { functions, Place } from './fixtures/value-program.js'

const PROGRAM = new URL('./fixtures/value-program.ts', import.meta.url)
type Writer = Peer<typeof functions>

/** Ten million in `test:stress`. */
const READS = Number(process.env.TORN_READS ?? 2_000_000)
/** Values that have to be seen: one that stays the same is never torn. */
const FEWEST_CHANGES = 11
/** Reads between two turns of the event loop, in which a watchdog can end the test. */
const BATCH = 100_000

let place: TemporaryDirectory
let writer: Writer
let region: Region
let names = 0

const where = () => ({ directory: place.directory, name: `region-${names}` })

beforeAll(async () => {
  place = temporaryMemoryDirectory()
  writer = await startProcess(PROGRAM)
})
afterAll(async () => {
  await writer.kill()
  place.remove()
})
beforeEach(() => {
  names++
  region = openRegion(where().name, { directory: place.directory, bytes: REGION_BYTES })
})
afterEach(() => region.close())

/** Who writes, and where. */
interface Writing {
  readonly writer: Writer
  readonly region: Region
  readonly at: Place
}

/** Read in batches until `over`, while the writer writes; what it says at the end is how often it wrote. */
async function readWhile(
  { writer, region, at }: Writing,
  write: 'setFlatOut' | 'writeFlatOut',
  readBatch: () => void,
  over: () => boolean,
): Promise<number> {
  await writer.call('open', at)
  const { stop } = naiveIn(region)
  Atomics.store(stop, 0, 0)
  const writing = writer.call(write)
  let gone = false
  writing.then(
    () => (gone = true),
    () => (gone = true),
  )
  try {
    while (!over()) {
      if (gone) throw new Error('the writer stopped too early')
      readBatch()
      await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    Atomics.store(stop, 0, 1)
  }
  return await writing
}

/** Read the value so many times or more, while it is being set. */
async function readValue(
  value: SharedValueReader<Whole>,
  most: number,
  writing: Writing = { writer, region, at: where() },
): Promise<string> {
  let reads = 0
  let torn = 0
  let last = 0
  let backwards = 0
  let changes = 0
  let readingMs = 0
  const written = await readWhile(
    writing,
    'setFlatOut',
    () => {
      const start = performance.now()
      for (let i = 0; i < BATCH; i++) {
        const found = value.get()
        if (found === undefined) continue
        reads++
        if (!isWhole(found)) torn++
        if (found.a < last) backwards++
        else if (found.a > last) changes++
        last = found.a
      }
      readingMs += performance.now() - start
    },
    // On a busy machine the writer may have had no turn in all these reads.
    () => reads >= most && changes >= FEWEST_CHANGES,
  )
  expect(torn).toBe(0)
  expect(backwards).toBe(0)
  return `${torn} of ${reads} reads torn, ${changes} values seen of ${written} set, ${((1e6 * readingMs) / reads).toFixed(0)} ns/read`
}

test('a place that is written and read without protection is read torn', async () => {
  const { cell } = naiveIn(region)
  const copy = new Int32Array(CELL_WORDS)
  let reads = 0
  let torn = 0
  await readWhile(
    { writer, region, at: where() },
    'writeFlatOut',
    () => {
      for (let i = 0; i < BATCH; i++) {
        for (let word = 0; word < CELL_WORDS; word++) copy[word] = cell[word]!
        if (copy.some((word) => word !== copy[0])) torn++
      }
      reads += BATCH
    },
    () => torn > 0 && reads >= 1_000_000,
  )
  console.log(`naive cell: ${torn} of ${reads} reads torn`)
  expect(torn).toBeGreaterThan(0)
}, 60_000)

test('a shared value is never read torn', async () => {
  const value = sharedValue(region, 'value', { codec: WHOLE })
  console.log(`shared value: ${await readValue(value, READS)}`)
}, 120_000)

test('a shared value is never read torn through a read-only mapping', async () => {
  sharedValue(region, 'value', { codec: WHOLE, readOnlyReaders: true })
  const readOnly = openRegion(where().name, { directory: place.directory, access: 'read-only' })
  console.log(`read-only: ${await readValue(sharedValue(readOnly, 'value', { codec: WHOLE }), READS)}`)
  readOnly.close()
}, 120_000)

test('a shared value of two threads is never read torn', async () => {
  const shared = createRegion(REGION_BYTES)
  const thread: Writer = await startThread(PROGRAM)
  try {
    const writing = { writer: thread, region: shared, at: { buffer: shared.buffer as SharedArrayBuffer } }
    const value = sharedValue(shared, 'value', { codec: WHOLE })
    console.log(`threads: ${await readValue(value, READS / 10, writing)}`)
  } finally {
    await thread.kill()
    shared.close()
  }
}, 60_000)
