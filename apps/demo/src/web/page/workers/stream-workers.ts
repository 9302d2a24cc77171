import { createRegion } from '@ipc/shm'
import { signal } from '@preact/signals'
import type { StreamResult, StreamTransport } from './part.js'
import { startWorker } from './start-worker.js'

/** Room for a ring of 1 MiB each way, and for what describes them. */
const REGION_BYTES = 2 ** 21 + 2 ** 12

/** What is measured: small messages, and large ones. */
const WORK = [
  { bytes: 64, count: 200_000 },
  { bytes: 65_536, count: 4000 },
] as const

/** Throughput between two workers. */
export interface StreamRow {
  readonly over: StreamTransport
  readonly bytes: number
  readonly sent: number
  readonly arrived: number
  readonly messagesPerSecond: number
  readonly megabytesPerSecond: number
}

const rows = signal<readonly StreamRow[]>([])
const running = signal(false)

export const streamRows: { readonly value: readonly StreamRow[] } = rows
export const streamsRun: { readonly value: boolean } = running

/** Measure shared memory and ports between two workers, which end with it. */
export async function measureStreams(): Promise<void> {
  running.value = true
  rows.value = []
  const { port1, port2 } = new MessageChannel()
  const buffer = createRegion(REGION_BYTES).buffer as SharedArrayBuffer
  const [sender, receiver] = await Promise.all([
    startWorker({ role: 'stream-sender', buffer, port: port1 }),
    startWorker({ role: 'stream-receiver', buffer, port: port2 }),
  ])
  for (const { bytes, count } of WORK) {
    for (const over of ['shm', 'ports'] as const) {
      const { seconds, arrived } = await sender.ask<StreamResult>({ over, bytes, count })
      const messagesPerSecond = count / seconds
      const megabytesPerSecond = (messagesPerSecond * bytes) / 1e6
      rows.value = [
        ...rows.value,
        { over, bytes, sent: count, arrived, messagesPerSecond, megabytesPerSecond },
      ]
    }
  }
  sender.terminate()
  receiver.terminate()
  running.value = false
}
