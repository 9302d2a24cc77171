import { randomFillSync } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, serve } from '@ipc/core'
import { failureOf } from '../../p2-side.js'
import { runPhase } from '../../run-phase.js'
import { chunks, type Sequence } from '../../sequence.js'
import { stream } from '../../workload.js'
import { SWEEP_BYTES } from '../limits.js'
import type { SweepPoint } from '../protocol.js'
import type { Job, News, Order } from './orders.js'

/** Length of each measurement; the last round is always completed. */
const SECONDS = 0.15
/** What is sent in one round: so much at least, and one message. */
const ROUND_BYTES = 2 ** 20

/** P1 of the sweep: measures one transport after the other, over all sizes, each with a new P2. */
export function sweep({ scratch }: Job, supervisor: Connection): void {
  const tell = (news: News): void => void supervisor.send(news)
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'sweep') void run(order.transports, scratch, tell)
    return undefined
  })
}

async function run(
  transports: readonly string[],
  scratch: string,
  tell: (news: News) => void,
): Promise<void> {
  // P2 removes its directory when this process is gone.
  const directory = join(scratch, 'sweep')
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const source = randomFillSync(new Uint8Array(Math.max(...SWEEP_BYTES, ROUND_BYTES)))
  for (const transport of transports) {
    try {
      for (const bytes of SWEEP_BYTES) {
        tell({ type: 'sweeping', transport, bytes })
        const messages = chunks(source.subarray(0, Math.max(bytes, ROUND_BYTES)), bytes)
        tell({ type: 'point', ...(await measure(transport, bytes, messages, directory)) })
      }
    } catch (error) {
      tell({ type: 'sweep failed', transport, message: failureOf(error).message })
    }
  }
  tell({ type: 'sweep done' })
}

function measure(
  transport: string,
  bytes: number,
  messages: Sequence<Uint8Array>,
  scratch: string,
): Promise<SweepPoint> {
  const job = { transport, phase: 'blocks', shape: { kind: 'bytes' }, scratch } as const
  return runPhase(
    job,
    () => {},
    async ({ link, confirmed }) => {
      const start = performance.now()
      const sent = await stream(link, messages, SECONDS, () => {})
      const { received } = await confirmed()
      const seconds = (performance.now() - start) / 1000
      return {
        transport,
        bytes,
        messagesPerSecond: sent.messages / seconds,
        megabytesPerSecond: sent.bytes / seconds / 1e6,
        intact: sent.messages === received.messages && sent.digest === received.digest,
      }
    },
  )
}
