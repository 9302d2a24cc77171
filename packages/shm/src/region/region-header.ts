import { IpcError } from '@ipc/core'
import {
  BYTE_ORDER_MARK,
  LAYOUT_VERSION,
  MAGIC,
  READY,
  REGION_BYTE_ORDER,
  REGION_CREATED,
  REGION_CREATOR_PID,
  REGION_HEADER_BYTES,
  REGION_MAGIC,
  REGION_PAYLOAD_BYTES,
  REGION_READY,
  REGION_SCHEMA,
  REGION_SCHEMA_BYTES,
  REGION_SCHEMA_MAX_BYTES,
  REGION_VERSION,
} from '../layout.js'

/** What the header of a region tells about it. */
export interface RegionHeader {
  readonly payloadBytes: number
  readonly schema: string
  readonly creatorPid: number
  readonly createdAt: Date
}

/** What a region is expected to be; `undefined` is not looked at. */
export interface Expected {
  readonly bytes?: number | undefined
  readonly schema?: string | undefined
}

/**
 * Check the name of a schema given by the caller.
 *
 * @throws TypeError | RangeError unless it is a text of at most 64 bytes.
 */
export function checkSchema(schema: string): string {
  if (typeof schema !== 'string') throw new TypeError(`schema must be a string, got ${typeof schema}`)
  const { length } = new TextEncoder().encode(schema)
  if (length > REGION_SCHEMA_MAX_BYTES) {
    throw new RangeError(`schema must have at most ${REGION_SCHEMA_MAX_BYTES} bytes, got ${length}`)
  }
  return schema
}

/** Fill in the header of a new region, whose memory is all zeros. The ready word comes last. */
export function writeHeader(buffer: ArrayBufferLike, payloadBytes: number, schema: string): void {
  const words = new Int32Array(buffer, 0, REGION_HEADER_BYTES / 4)
  const text = new TextEncoder().encode(schema)
  words[REGION_MAGIC >> 2] = MAGIC
  words[REGION_VERSION >> 2] = LAYOUT_VERSION
  words[REGION_BYTE_ORDER >> 2] = BYTE_ORDER_MARK
  words[REGION_PAYLOAD_BYTES >> 2] = payloadBytes
  words[REGION_CREATOR_PID >> 2] = globalThis.process?.pid ?? 0
  words[REGION_CREATED >> 2] = Math.floor(Date.now() / 1000)
  words[REGION_SCHEMA_BYTES >> 2] = text.length
  new Uint8Array(buffer, REGION_SCHEMA, text.length).set(text)
  // Release: pairs with the load in readHeader, which reads the fields above only after it saw READY.
  Atomics.store(words, REGION_READY >> 2, READY)
}

/**
 * Read the header, and check that all of a region of this version lies in `buffer`.
 *
 * @param what - Names the memory in messages.
 * @param sizeBytes - Size of the region's memory, where `buffer` is only its beginning.
 * @throws IpcError `IPC_PROTOCOL` when it is no region or not the expected one; `IPC_VERSION_MISMATCH`.
 */
export function readHeader(
  buffer: ArrayBufferLike,
  what: string,
  expected: Expected = {},
  sizeBytes: number = buffer.byteLength,
): RegionHeader {
  if (buffer.byteLength < REGION_HEADER_BYTES) {
    throw new IpcError('IPC_PROTOCOL', `${what} is no region: ${buffer.byteLength} bytes are too few`)
  }
  const words = new Int32Array(buffer, 0, REGION_HEADER_BYTES / 4)
  const field = (offset: number): number => words[offset >> 2] as number
  // Acquire: pairs with the store in writeHeader.
  const ready = Atomics.load(words, REGION_READY >> 2)
  if (ready !== READY || field(REGION_MAGIC) !== MAGIC) {
    throw new IpcError('IPC_PROTOCOL', `${what} is no region, or one whose creator is not done`)
  }
  checkVersion(field(REGION_BYTE_ORDER), field(REGION_VERSION), what)
  const payloadBytes = field(REGION_PAYLOAD_BYTES)
  const room = sizeBytes - REGION_HEADER_BYTES
  if (payloadBytes < 0 || payloadBytes > room) {
    throw new IpcError(
      'IPC_PROTOCOL',
      `${what} says it holds ${payloadBytes} bytes, but has room for ${room}`,
    )
  }
  const schemaBytes = Math.max(0, Math.min(field(REGION_SCHEMA_BYTES), REGION_SCHEMA_MAX_BYTES))
  // A copy: decoders refuse shared memory.
  const schema = new TextDecoder().decode(new Uint8Array(buffer, REGION_SCHEMA, schemaBytes).slice())
  checkExpected(what, { bytes: payloadBytes, schema }, expected)
  return {
    payloadBytes,
    schema,
    creatorPid: field(REGION_CREATOR_PID),
    createdAt: new Date((field(REGION_CREATED) >>> 0) * 1000),
  }
}

function checkVersion(byteOrder: number, version: number, what: string): void {
  if (byteOrder !== BYTE_ORDER_MARK) {
    throw new IpcError('IPC_VERSION_MISMATCH', `${what} was written in the other byte order`)
  }
  if (version === LAYOUT_VERSION) return
  throw new IpcError(
    'IPC_VERSION_MISMATCH',
    `${what} has layout version ${version}, this package knows ${LAYOUT_VERSION}: use one version on both sides`,
    { details: { version, expected: LAYOUT_VERSION } },
  )
}

function checkExpected(what: string, found: Required<Expected>, expected: Expected): void {
  if (expected.bytes !== undefined && found.bytes !== expected.bytes) {
    throw new IpcError('IPC_PROTOCOL', `${what} has ${found.bytes} bytes, expected ${expected.bytes}`, {
      details: { bytes: found.bytes, expected: expected.bytes },
    })
  }
  const { schema } = expected
  if (schema !== undefined && schema !== found.schema) {
    throw differingError(what, 'schema', found.schema, schema)
  }
}

/** What somebody gets who expects a region or an object to be otherwise than it is. */
export function differingError(what: string, field: string, found: unknown, expected: unknown): IpcError {
  const message = `${what} has ${field} ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`
  return new IpcError('IPC_PROTOCOL', message, { details: { [field]: found, expected } })
}
