import { basename } from 'node:path'
import { FLIGHT_BYTES, type Flight, FlightBlock, isFlight } from './flights.js'
import { formatOf, type InputFormat, readInput } from './input-file.js'
import { type InputRecord, parseRecords } from './parse-records.js'
import { BLOCK_BYTES, chunks, type Sequence } from './sequence.js'
import { objectsShape, type Shape } from './shape.js'

/** Size of the messages of the records phase when the input is bytes. */
const CHUNK_BYTES = 256

/** An input, ready to be sent: everything that costs time is done before the clock starts. */
export interface Dataset {
  readonly name: string
  readonly format: InputFormat
  readonly shape: Shape
  /** What the records phase sends, and the round trips. */
  readonly records: Sequence
  /** What the blocks phase sends: canonical flights, or the input file itself, in blocks. */
  readonly blocks: Sequence<Uint8Array>
}

/**
 * Read the input at `path`.
 *
 * @throws InputError when it cannot be read or holds no records.
 */
export async function loadDataset(path: string): Promise<Dataset> {
  const name = basename(path)
  const format = formatOf(path)
  const file = await readInput(path)
  if (format === 'bytes') {
    const records = chunks(file, CHUNK_BYTES)
    return { name, format, shape: { kind: 'bytes' }, records, blocks: chunks(file, BLOCK_BYTES) }
  }
  const parsed = parseRecords(new TextDecoder().decode(file), format, name)
  if (areFlights(parsed)) {
    const records = flightSequence(parsed)
    return { name, format, shape: { kind: 'flights' }, records, blocks: chunks(records.bytes, BLOCK_BYTES) }
  }
  const shape = objectsShape(parsed[0]!)
  return { name, format, shape, records: objectSequence(parsed), blocks: chunks(file, BLOCK_BYTES) }
}

function areFlights(records: readonly object[]): records is readonly Flight[] {
  return records.every(isFlight)
}

function flightSequence(flights: readonly Flight[]): Sequence<Flight> {
  const block = new FlightBlock(flights.length)
  for (const [index, flight] of flights.entries()) block.set(index, flight)
  const offsets = Float64Array.from({ length: flights.length + 1 }, (_, i) => i * FLIGHT_BYTES)
  return { messages: flights, bytes: block.bytes, offsets }
}

/** The canonical encoding of an object is its JSON text. */
function objectSequence(records: readonly InputRecord[]): Sequence<InputRecord> {
  const encodings = records.map((record) => Buffer.from(JSON.stringify(record)))
  const offsets = new Float64Array(records.length + 1)
  for (const [index, encoding] of encodings.entries()) offsets[index + 1] = offsets[index]! + encoding.length
  return { messages: records, bytes: Buffer.concat(encodings), offsets }
}
