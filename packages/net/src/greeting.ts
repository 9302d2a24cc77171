import { randomBytes } from 'node:crypto'
import type { Limits } from '@ipc/core/internal'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** First bytes of every greeting: not text, and damaged by anything that converts line ends. */
export const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x49, 0x50, 0x43, 0x4e, 0x0a)
/** Size of a greeting. */
export const GREETING_BYTES = 72
/** The only version of the protocol so far. */
const PROTOCOL_VERSION = 1
/** The least `maxFrameBytes` a side may announce. */
const MIN_FRAME_BYTES = 4096
/** Largest frame this implementation accepts and announces. */
export const MAX_FRAME_BYTES = 262_144

/** Who proves what, and how. Configured at both sides and never negotiated. */
export const MECHANISM = { none: 0, tls: 2 } as const
/** One of {@link MECHANISM}. */
export type Mechanism = (typeof MECHANISM)[keyof typeof MECHANISM]

/** Who called whom. */
export type Role = 'dialer' | 'acceptor'

/** All that a greeting says. Byte layout: PROTOCOL.md. */
export interface Greeting {
  readonly versionMin: number
  readonly versionMax: number
  readonly role: number
  readonly mechanism: number
  readonly flags: number
  readonly featuresOffered: number
  readonly featuresRequired: number
  readonly maxFrameBytes: number
  readonly maxMessageBytes: number
  readonly credit: number
  readonly silence: number
  readonly codec: number
  readonly incarnation: number
  readonly nonce: Uint8Array
}

/** Tells two lives of one address apart. */
const INCARNATION = randomBytes(4).readUInt32LE()

/** The greeting of this side. */
export function makeGreeting(
  role: Role,
  codecName: string,
  { maxMessageBytes, highWaterMarkBytes }: Limits,
  mechanism: Mechanism = MECHANISM.none,
): Greeting {
  return {
    versionMin: PROTOCOL_VERSION,
    versionMax: PROTOCOL_VERSION,
    role: role === 'dialer' ? 0 : 1,
    mechanism,
    flags: 0,
    featuresOffered: 0,
    featuresRequired: 0,
    maxFrameBytes: MAX_FRAME_BYTES,
    maxMessageBytes,
    credit: highWaterMarkBytes,
    silence: 0,
    codec: hashCodecName(codecName),
    incarnation: INCARNATION,
    nonce: randomBytes(32),
  }
}

/** The 72 bytes of a greeting. */
export function encodeGreeting(greeting: Greeting): Buffer {
  const bytes = Buffer.alloc(GREETING_BYTES)
  bytes.set(MAGIC)
  bytes[6] = greeting.versionMin
  bytes[7] = greeting.versionMax
  bytes[8] = greeting.role
  bytes[9] = greeting.mechanism
  bytes.writeUInt16LE(greeting.flags, 10)
  bytes.writeUInt32LE(greeting.featuresOffered, 12)
  bytes.writeUInt32LE(greeting.featuresRequired, 16)
  bytes.writeUInt32LE(greeting.maxFrameBytes, 20)
  bytes.writeUInt32LE(greeting.maxMessageBytes, 24)
  bytes.writeUInt32LE(greeting.credit, 28)
  bytes.writeUInt16LE(greeting.silence, 32)
  bytes.writeUInt16LE(greeting.codec, 34)
  bytes.writeUInt32LE(greeting.incarnation, 36)
  bytes.set(greeting.nonce, 40)
  return bytes
}

/** Read 72 bytes that begin with {@link MAGIC}. Any values are taken: {@link checkGreeting} judges them. */
export function decodeGreeting(bytes: Buffer): Greeting {
  return {
    versionMin: bytes.readUInt8(6),
    versionMax: bytes.readUInt8(7),
    role: bytes.readUInt8(8),
    mechanism: bytes.readUInt8(9),
    flags: bytes.readUInt16LE(10),
    featuresOffered: bytes.readUInt32LE(12),
    featuresRequired: bytes.readUInt32LE(16),
    maxFrameBytes: bytes.readUInt32LE(20),
    maxMessageBytes: bytes.readUInt32LE(24),
    credit: bytes.readUInt32LE(28),
    silence: bytes.readUInt16LE(32),
    codec: bytes.readUInt16LE(34),
    incarnation: bytes.readUInt32LE(36),
    nonce: Uint8Array.from(bytes.subarray(40, GREETING_BYTES)),
  }
}

/** Why `theirs` cannot be talked to, or `undefined`. `codecName` is the codec of this side, for the message. */
export function checkGreeting(mine: Greeting, theirs: Greeting, codecName: string): WireError | undefined {
  // The peer reads the reason too: it names the sides by their roles.
  const [here, there] = mine.role === 0 ? ['the dialer', 'the listener'] : ['the listener', 'the dialer']
  const refuse = (code: number, what: string, ours: string, others: string): WireError => {
    return { code, retryable: false, reason: `${what}: ${here} has ${ours}, ${there} ${others}` }
  }
  if (theirs.versionMin > mine.versionMax || theirs.versionMax < mine.versionMin) {
    return refuse(WIRE_ERROR.version, 'protocol versions differ', versions(mine), versions(theirs))
  }
  if (theirs.role !== 1 - mine.role) {
    return refuse(WIRE_ERROR.protocol, 'roles do not match', `role ${mine.role}`, `role ${theirs.role}`)
  }
  if (theirs.mechanism !== mine.mechanism) {
    const [ours, others] = [nameMechanism(mine.mechanism), nameMechanism(theirs.mechanism)]
    return refuse(WIRE_ERROR.mechanism, 'security mechanisms differ', ours, others)
  }
  if (theirs.featuresRequired !== 0) {
    const required = `requires 0x${theirs.featuresRequired.toString(16)}`
    return refuse(WIRE_ERROR.feature, 'features are missing', 'none', required)
  }
  if (theirs.codec !== mine.codec) {
    return refuse(
      WIRE_ERROR.codec,
      'codecs differ',
      `'${codecName}' (${hex16(mine.codec)})`,
      hex16(theirs.codec),
    )
  }
  return checkValues(theirs)
}

/** FNV-1a of the UTF-8 name, its two halves folded into 16 bits. */
export function hashCodecName(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return ((hash >>> 16) ^ hash) & 0xffff
}

function checkValues({
  flags,
  maxFrameBytes,
  maxMessageBytes,
  credit,
  silence,
}: Greeting): WireError | undefined {
  const wrong =
    flags !== 0
      ? `reserved flags 0x${flags.toString(16)}`
      : silence !== 0
        ? `a silence limit of ${silence}, which version 1 does not have`
        : maxFrameBytes < MIN_FRAME_BYTES || maxFrameBytes > 0xff_ffff
          ? `a frame limit of ${maxFrameBytes} bytes`
          : maxMessageBytes === 0
            ? 'a message limit of 0 bytes'
            : credit === 0
              ? 'no credit'
              : undefined
  if (wrong === undefined) return undefined
  return { code: WIRE_ERROR.protocol, retryable: false, reason: `the greeting has ${wrong}` }
}

function nameMechanism(mechanism: number): string {
  if (mechanism === MECHANISM.none) return 'none'
  return mechanism === MECHANISM.tls ? 'TLS' : `number ${mechanism}`
}

function versions({ versionMin, versionMax }: Greeting): string {
  return `${versionMin} to ${versionMax}`
}

function hex16(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`
}
