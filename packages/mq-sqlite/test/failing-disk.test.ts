import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { openQueue } from '@ipc/mq-sqlite'
import { beforeAll, describe, expect, test } from 'vitest'
import { drain } from './fixtures/drain.js'
import { type Event, FINE, judge, startBusy, type Verdict } from './fixtures/history.js'
import { shakyDisk, TOOLS } from './fixtures/power-loss.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** Each call that fails in turn, at these counts; `test:stress` takes more. */
const AT = (process.env.FAIL_AT ?? '7').split(',')
const LIMIT = 60_000

beforeAll(() => installPackages(TOOLS), INSTALL_TIMEOUT_MS)

/** What there is in a directory, and how that goes with what was said. */
async function judged(
  directory: string,
  events: readonly Event[],
  levels: readonly string[],
): Promise<Verdict> {
  const queue = await openQueue<string>(directory, 'busy')
  try {
    return judge([...events, ...(await drain(queue))], levels)
  } finally {
    await queue.close()
  }
}

describe('a loss of power', () => {
  test(
    'spares what has a receipt of the disk, and what was acknowledged does not come again',
    async () => {
      using base = temporaryDirectory()
      const disk = shakyDisk(base.path)
      const busy = startBusy([disk.directory, 'both', 'm', '1000000', 'disk'], { env: disk.env })
      await busy.until('acked', 40)
      busy.child.kill('SIGKILL')
      await busy.ended
      expect(await judged(await disk.survivors(), busy.events, ['disk'])).toMatchObject(FINE)
    },
    LIMIT,
  )

  test(
    'costs what has a receipt of the system only, which the test would notice',
    async () => {
      using base = temporaryDirectory()
      const disk = shakyDisk(base.path)
      const busy = startBusy([disk.directory, 'produce', 'm', '1000000', 'os'], { env: disk.env })
      await busy.until('os', 40)
      busy.child.kill('SIGKILL')
      await busy.ended
      const { lost } = await judged(await disk.survivors(), busy.events, ['os'])
      expect(lost.length).toBeGreaterThan(0)
      // A kill costs nothing of it.
      expect(await judged(disk.directory, busy.events, ['os'])).toMatchObject(FINE)
    },
    LIMIT,
  )
})

const FAULTS = [
  ['fdatasync', 'error=EIO', 'IPC_STORE_FAILED'],
  ['pwrite64', 'error=ENOSPC', 'IPC_OUT_OF_MEMORY'],
  ['fdatasync', 'signal=SIGKILL', undefined],
  ['pwrite64', 'error=EIO', 'IPC_STORE_FAILED'],
  ['pwrite64', 'signal=SIGKILL', undefined],
] as const

/** All of them in `test:stress`. */
const FAULTS_HERE = process.env.FAIL_AT === undefined ? FAULTS.slice(0, 3) : FAULTS

describe.each(AT)('call %s to the system', (at) => {
  test.each(FAULTS_HERE)(
    '%s with %s: nothing that was promised is lost',
    async (call, fault, code) => {
      using base = temporaryDirectory()
      const disk = shakyDisk(base.path)
      // Before it begins the file has been made: that is another test.
      const made = await openQueue(disk.directory, 'busy', { create: { leaseMs: 600_000, maxMessages: 300 } })
      await made.close()
      disk.keep()
      const launcher = [
        ...[
          'strace',
          '-f',
          '-qq',
          '-o',
          '/dev/null',
          '-e',
          `trace=${call}`,
          '-P',
          `${disk.directory}/queues.db-wal`,
        ],
        ...['-e', `inject=${call}:${fault}:when=${at}+`],
      ]
      const busy = startBusy([disk.directory, 'both', 'm', '1000000', 'disk'], { launcher, env: disk.env })
      await busy.ended
      if (code !== undefined) expect(busy.events.map(({ what }) => what)).toContain(code)
      // Of what is in the files, and of what is there of them if the power is lost too.
      expect(await judged(disk.directory, busy.events, ['disk', 'os'])).toMatchObject(FINE)
      expect(await judged(await disk.survivors(), busy.events, ['disk'])).toMatchObject(FINE)
    },
    LIMIT,
  )
})
