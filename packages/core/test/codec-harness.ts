import { expect } from 'vitest'
import type { Codec } from '../src/index.js'

/** What lies in memory that a codec must not touch. */
const CANARY = 0xa5
const START = 8

/** The bytes of a message, and nothing else. */
export function encodeAlone<In, Out>(codec: Codec<In, Out>, message: Out): Uint8Array {
  for (let size = 1024; ; size *= 8) {
    const target = new Uint8Array(size)
    const end = codec.encode(message, target, 0)
    if (end >= 0) return target.slice(0, end)
  }
}

/** What arrives of a message; from the middle of a buffer whose other bytes are no part of it. */
export function roundTrip<In, Out>(codec: Codec<In, Out>, message: Out): In {
  const encoded = encodeAlone(codec, message)
  const source = new Uint8Array(encoded.length + 2 * START).fill(CANARY)
  source.set(encoded, START)
  return codec.decode(source, START, START + encoded.length)
}

/** Encode where the target goes on behind the end that the codec was given: nothing there changes. */
function expectLimit<T>(
  codec: Codec<T>,
  message: T,
  encoded: Uint8Array,
  allocate: (bytes: number) => Uint8Array,
): void {
  for (const room of new Set([0, encoded.length >> 1, encoded.length - 1, encoded.length])) {
    if (room < 0) continue
    const target = allocate(START + encoded.length + START).fill(CANARY)
    const limit = START + room
    const end = codec.encode(message, target, START, limit)
    expect(end, `${room} of ${encoded.length} bytes, more behind them`).toBe(
      room < encoded.length ? -1 : START + encoded.length,
    )
    expect(target.slice(limit)).toEqual(allocate(target.length - limit).fill(CANARY))
  }
}

/**
 * Encode into targets that are too small by one byte and more, then into one that is just large enough. Bytes before
 * the start stay as they were, and the message is the same everywhere.
 */
export function expectPlacement<T>(
  codec: Codec<T>,
  message: T,
  allocate = (bytes: number): Uint8Array => new Uint8Array(bytes),
): void {
  const encoded = encodeAlone(codec, message)
  for (let room = 0; room <= encoded.length; room++) {
    const target = allocate(START + room).fill(CANARY)
    const end = codec.encode(message, target, START)
    expect(end, `${room} of ${encoded.length} bytes`).toBe(
      room < encoded.length ? -1 : START + encoded.length,
    )
    expect([...target.subarray(0, START)]).toEqual(new Array(START).fill(CANARY))
    if (end >= 0) expect(target.slice(START, end)).toEqual(encoded)
  }
  expect(codec.encode(message, allocate(START), START + 1)).toBe(-1)
  expectLimit(codec, message, encoded, allocate)
}
