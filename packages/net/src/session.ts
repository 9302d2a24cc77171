import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Socket } from 'node:net'
import { FRAME, HEADER_BYTES, readCount, writeCount, writeHeader } from './frame.js'

const ID_BYTES = 16
const MAC_BYTES = 32
const STATE_BYTES = 16
/** Size of the body of RESUME. */
export const RESUME_BYTES: number = ID_BYTES + STATE_BYTES + MAC_BYTES
/** Size of the body of RESUMED. */
export const RESUMED_BYTES: number = STATE_BYTES + MAC_BYTES

/** The greetings of both sides, as they were sent. */
export interface Greetings {
  readonly dialer: Uint8Array
  readonly acceptor: Uint8Array
}

/** What both sides know of a session since their first greetings, and nobody else who did not see them. */
export interface SessionSecrets {
  readonly id: string
  readonly key: Buffer
}

/** What one side has of a session. */
export interface SessionState {
  /** Messages of the other side that came in. */
  readonly received: number
  /** What it takes of the other side before it grants more; below 0 after a message that was longer than that. */
  readonly credit: number
}

/** The secrets of a session that begins with these greetings. Over TLS nobody else has what they are made of. */
export function sessionSecrets(greetings: Greetings, socket: Socket): SessionSecrets {
  const binding = bindingOf(socket)
  const derive = (label: string): Buffer =>
    createHash('sha256')
      .update(`ipcnet/1 session ${label}`)
      .update(greetings.dialer)
      .update(greetings.acceptor)
      .update(binding)
      .digest()
  return { id: derive('id').subarray(0, ID_BYTES).toString('hex'), key: derive('key') }
}

/** The dialer's RESUME frame. */
export function encodeResume({ id, key }: SessionSecrets, greetings: Greetings, state: SessionState): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + RESUME_BYTES)
  writeHeader(frame, 0, RESUME_BYTES, FRAME.resume, 0)
  frame.write(id, HEADER_BYTES, 'hex')
  writeState(frame, HEADER_BYTES + ID_BYTES, state)
  const body = frame.subarray(HEADER_BYTES)
  macOf(key, 'R', greetings, body.subarray(0, -MAC_BYTES)).copy(body, RESUME_BYTES - MAC_BYTES)
  return frame
}

/** The listener's RESUMED frame. */
export function encodeResumed({ key }: SessionSecrets, greetings: Greetings, state: SessionState): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + RESUMED_BYTES)
  writeHeader(frame, 0, RESUMED_BYTES, FRAME.resumed, 0)
  writeState(frame, HEADER_BYTES, state)
  const body = frame.subarray(HEADER_BYTES)
  macOf(key, 'A', greetings, body.subarray(0, -MAC_BYTES)).copy(body, RESUMED_BYTES - MAC_BYTES)
  return frame
}

/** The id of the session that a RESUME is for. */
export function idOfResume(body: Buffer): string {
  return body.toString('hex', 0, ID_BYTES)
}

/** What the dialer has, if its proof is right: it knows the key, and these greetings. */
export function readResume(
  { key }: SessionSecrets,
  greetings: Greetings,
  body: Buffer,
): SessionState | undefined {
  return isProved(key, 'R', greetings, body) ? readState(body, ID_BYTES) : undefined
}

/** What the listener has, if its proof is right. */
export function readResumed(
  { key }: SessionSecrets,
  greetings: Greetings,
  body: Buffer,
): SessionState | undefined {
  return isProved(key, 'A', greetings, body) ? readState(body, 0) : undefined
}

function isProved(key: Buffer, label: string, greetings: Greetings, body: Buffer): boolean {
  const expected = macOf(key, label, greetings, body.subarray(0, -MAC_BYTES))
  return timingSafeEqual(expected, body.subarray(-MAC_BYTES))
}

/** Over both greetings, whose nonces are fresh: what was seen on the wire before proves nothing. */
function macOf(key: Buffer, label: string, { dialer, acceptor }: Greetings, body: Buffer): Buffer {
  return createHmac('sha256', key).update(label).update(dialer).update(acceptor).update(body).digest()
}

function writeState(target: Buffer, at: number, { received, credit }: SessionState): void {
  writeCount(target, at, received)
  target.writeBigInt64LE(BigInt(credit), at + 8)
}

function readState(source: Buffer, at: number): SessionState {
  return { received: readCount(source, at), credit: Number(source.readBigInt64LE(at + 8)) }
}

function bindingOf(socket: Socket): Uint8Array {
  if (!('exportKeyingMaterial' in socket)) return new Uint8Array(0)
  const { exportKeyingMaterial } = socket as { exportKeyingMaterial(length: number, label: string): Buffer }
  return exportKeyingMaterial.call(socket, MAC_BYTES, 'EXPORTER-ipcnet-session')
}
