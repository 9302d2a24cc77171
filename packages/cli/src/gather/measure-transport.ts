import type { Connection } from '@ipc/core'
import { COUNT, ECHO, REPORT } from './bench-peer.js'

/** What one transport does between two processes of this machine. */
export interface TransportFigures {
  readonly transport: string
  /** From `connect` to a connection: the median of some. */
  readonly setUpMs: number
  /** A message of 64 bytes there and back. */
  readonly roundTripP50Micros: number
  readonly roundTripP99Micros: number
  readonly roundTrips: number
  /** One way, until the peer says that it has all. */
  readonly messagesPerSecond64B: number
  readonly megabytesPerSecond64KiB: number
}

const SMALL_BYTES = 64
const LARGE_BYTES = 65_536
const SET_UPS = 9
/** Messages between two looks at the clock. */
const BATCH = 64

/**
 * Measure a transport to a peer that {@link servePeer} serves.
 *
 * @param connect - Makes a connection to it.
 * @param seconds - Length of each of the three phases, which follow a fifth of that to warm up.
 */
export async function measureTransport(
  transport: string,
  connect: () => Promise<Connection<Uint8Array>>,
  seconds: number,
): Promise<TransportFigures> {
  const setUps: number[] = []
  for (let each = 0; each < SET_UPS; each++) {
    const start = performance.now()
    const connection = await connect()
    setUps.push(performance.now() - start)
    await connection.close()
  }
  const connection = await connect()
  try {
    await roundTrips(connection, seconds / 5)
    const trips = await roundTrips(connection, seconds)
    await oneWay(connection, SMALL_BYTES, seconds / 5)
    const small = await oneWay(connection, SMALL_BYTES, seconds)
    await oneWay(connection, LARGE_BYTES, seconds / 5)
    const large = await oneWay(connection, LARGE_BYTES, seconds)
    return {
      transport,
      setUpMs: quantile(setUps, 0.5),
      roundTripP50Micros: 1000 * quantile(trips, 0.5),
      roundTripP99Micros: 1000 * quantile(trips, 0.99),
      roundTrips: trips.length,
      messagesPerSecond64B: small,
      megabytesPerSecond64KiB: (large * LARGE_BYTES) / 1e6,
    }
  } finally {
    await connection.close()
  }
}

/** Milliseconds of each, one after the other. */
async function roundTrips(connection: Connection<Uint8Array>, seconds: number): Promise<number[]> {
  const message = new Uint8Array(SMALL_BYTES).fill(ECHO, 0, 1)
  const trips: number[] = []
  const end = performance.now() + 1000 * seconds
  let start = performance.now()
  while (start < end || trips.length === 0) {
    connection.send(message)
    await connection.receive()
    const now = performance.now()
    trips.push(now - start)
    start = now
  }
  return trips
}

/** Messages in a second that came to the peer. */
async function oneWay(connection: Connection<Uint8Array>, bytes: number, seconds: number): Promise<number> {
  const message = new Uint8Array(bytes).fill(COUNT, 0, 1)
  const start = performance.now()
  let sent = 0
  while (performance.now() - start < 1000 * seconds) {
    for (let each = 0; each < BATCH; each++, sent++) {
      if (!connection.send(message)) await connection.drained()
    }
  }
  connection.send(Uint8Array.of(REPORT))
  const report = await connection.receive()
  const elapsed = (performance.now() - start) / 1000
  const counted = new DataView(report.buffer, report.byteOffset).getFloat64(0, true)
  if (counted !== sent) throw new Error(`${sent} messages were sent, and ${counted} counted`)
  return counted / elapsed
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number
}
