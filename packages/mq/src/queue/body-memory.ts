import { type Codec, IpcError } from '@ipc/core'

/** Bodies up to this size share memory: a buffer for each costs several times what filling it does. */
const LARGEST_SHARED_BYTES = 256
/** What a body that stays in a queue keeps from being given back, at most. */
const SHARED_BYTES = 2048
const FIRST_SCRATCH_BYTES = 16 * 1024
const LARGEST_KEPT_BYTES = 2 ** 20
const MAX_BODY_BYTES = 2 ** 30

let shared = new Uint8Array(SHARED_BYTES)
let sharedEnd = 0
let scratch = new Uint8Array(FIRST_SCRATCH_BYTES)
/** Size of the last body: the next one may be like it. */
let lastBytes = 0

/** Encode a body into memory that nobody else writes. */
export function encodeBody<T>(codec: Codec<unknown, T>, body: T): Uint8Array {
  const known = codec.sizeOf?.(body)
  if (known !== undefined && known > LARGEST_SHARED_BYTES) {
    const exact = new Uint8Array(known)
    codec.encode(body, exact, 0)
    return exact
  }
  if ((known ?? lastBytes) <= LARGEST_SHARED_BYTES) {
    makeRoom(LARGEST_SHARED_BYTES)
    const end = codec.encode(body, shared, sharedEnd, sharedEnd + LARGEST_SHARED_BYTES)
    if (end >= 0) return take(end)
  }
  return encodeAlone(codec, body)
}

/** Copy a body into memory of its own, or that it shares with others like it. */
export function copyBody(body: Uint8Array): Uint8Array {
  const { length } = body
  if (length > LARGEST_SHARED_BYTES) return Uint8Array.prototype.slice.call(body)
  makeRoom(length)
  shared.set(body, sharedEnd)
  return take(sharedEnd + length)
}

function makeRoom(bytes: number): void {
  if (sharedEnd + bytes <= SHARED_BYTES) return
  shared = new Uint8Array(SHARED_BYTES)
  sharedEnd = 0
}

function take(end: number): Uint8Array {
  const start = sharedEnd
  sharedEnd = end
  return new Uint8Array(shared.buffer, start, end - start)
}

function encodeAlone<T>(codec: Codec<unknown, T>, body: T): Uint8Array {
  let target = scratch
  let end = codec.encode(body, target, 0)
  while (end < 0) {
    if (target.length >= MAX_BODY_BYTES) {
      throw new IpcError('IPC_MESSAGE_TOO_LARGE', `message exceeds ${MAX_BODY_BYTES} bytes`)
    }
    target = new Uint8Array(4 * target.length)
    if (target.length <= LARGEST_KEPT_BYTES) scratch = target
    end = codec.encode(body, target, 0)
  }
  lastBytes = end
  return target.slice(0, end)
}
