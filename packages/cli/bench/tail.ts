import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { broadcastRing, openRegion, type Producer, spscRing } from '@ipc/shm'

/**
 * What `ipc tail` costs the producer of the ring that it reads: CPU time for a record of 64 bytes, with and without. The
 * command is there all the time; it is stopped for every other round, so that the two are measured in turn. One JSON line for
 * each kind of ring.
 */
const ROUNDS = Number(process.env.ROUNDS ?? 40)
const ROUND_MS = Number(process.env.ROUND_MS ?? 250)
const BATCH = 1024
const BYTES = new Uint8Array(64)

interface Round {
  /** Of this process. */
  readonly cpuNanos: number
  readonly perSecond: number
}

const directory = mkdtempSync('/dev/shm/ipc-tail-bench-')
const region = openRegion('bench', { directory, bytes: 2 ** 23 })
try {
  const ring = spscRing(region, 'spsc')
  const consumer = ring.consumer()
  await measure('spsc', ring.producer(), () => consumer.read(() => {}, Number.POSITIVE_INFINITY))
  await measure('broadcast', broadcastRing(region, 'broadcast').producer(), () => {})
} finally {
  region.close()
  rmSync(directory, { recursive: true, force: true })
}

async function measure(name: string, producer: Producer, consume: () => void): Promise<void> {
  const program = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
  const node = ['--import', import.meta.resolve('tsx'), '--conditions=@ipc/source', program]
  const tail = spawn(process.execPath, [...node, 'tail', 'bench', name, '--dir', directory], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let printed = 0
  tail.stdout.on('data', (part: Buffer) => {
    printed += part.length
  })
  try {
    // It prints: so it has begun.
    while (printed === 0) {
      round(producer, consume, 20)
      await sleep(20)
    }
    const alone: Round[] = []
    const tailed: Round[] = []
    for (let each = 0; each < ROUNDS; each++) {
      // Which of the two comes first changes from pair to pair.
      for (const isTailed of each % 2 === 0 ? [false, true] : [true, false]) {
        tail.kill(isTailed ? 'SIGCONT' : 'SIGSTOP')
        await sleep(20)
        ;(isTailed ? tailed : alone).push(round(producer, consume, ROUND_MS))
        await sleep(5)
      }
    }
    report(name, alone, tailed, printed)
  } finally {
    tail.kill('SIGKILL')
  }
}

function round(producer: Producer, consume: () => void, ms: number): Round {
  const start = process.cpuUsage()
  const startMs = performance.now()
  let records = 0
  while (performance.now() - startMs < ms) {
    for (let each = 0; each < BATCH; each++) producer.tryWrite(BYTES)
    consume()
    records += BATCH
  }
  const { user, system } = process.cpuUsage(start)
  const seconds = (performance.now() - startMs) / 1000
  return { cpuNanos: (1000 * (user + system)) / records, perSecond: records / seconds }
}

function report(name: string, alone: readonly Round[], tailed: readonly Round[], printed: number): void {
  const cost = (rounds: readonly Round[]): number => median(rounds.map(({ cpuNanos }) => cpuNanos))
  const speed = (rounds: readonly Round[]): number => median(rounds.map(({ perSecond }) => perSecond))
  const figures = {
    ring: name,
    rounds: alone.length,
    cpuNanosAlone: round3(cost(alone)),
    cpuNanosTailed: round3(cost(tailed)),
    /** Median of the ratios of neighbours. */
    cpuRatio: round3(median(tailed.map(({ cpuNanos }, at) => cpuNanos / (alone[at] as Round).cpuNanos))),
    recordsPerSecondAlone: Math.round(speed(alone)),
    recordsPerSecondTailed: Math.round(speed(tailed)),
    printedBytes: printed,
    node: process.version,
    cpu: cpus()[0]?.model,
    cores: cpus().length,
  }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

function round3(value: number): number {
  return Math.round(1000 * value) / 1000
}
