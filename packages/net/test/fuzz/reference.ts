/**
 * The protocol once more, as PROTOCOL.md says it and as simple as it can be: what a receiver has to make of bytes, and what a
 * sender may send. Shares nothing with the implementation.
 */

const GREETING = 72
const HEADER = 8
const TYPES: ReadonlyMap<number, number | undefined> = new Map([
  [0x02, 8],
  [0x03, 4],
  [0x04, 0],
  [0x07, 0],
])

/** One frame. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly body: Buffer
}

/** What lies in the bytes of one side of a socket, behind its greeting. */
export interface Reading {
  /** Whole messages before anything that is wrong. */
  readonly messages: Buffer[]
  readonly hasClosed: boolean
  /** What is wrong, if anything is. */
  readonly wrong: string | undefined
}

/** Read frames, whatever they are; what is left over is no whole frame. */
export function framesIn(bytes: Buffer, from: number): { readonly frames: Frame[]; readonly left: number } {
  const frames: Frame[] = []
  let at = from
  while (bytes.length - at >= HEADER) {
    const end = at + HEADER + bytes.readUIntLE(at, 3)
    if (end > bytes.length) break
    frames.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, body: bytes.subarray(at + HEADER, end) })
    at = end
  }
  return { frames, left: bytes.length - at }
}

/** What a receiver with these limits has to find. */
export function read(bytes: Buffer, from: number, maxFrame: number, maxMessage: number): Reading {
  const messages: Buffer[] = []
  let hasClosed = false
  let parts: Buffer[] = []
  let total = -1
  const stop = (wrong: string | undefined): Reading => ({ messages, hasClosed, wrong })
  for (let at = from; bytes.length - at >= HEADER; ) {
    const length = bytes.readUIntLE(at, 3)
    const [type, flags] = [bytes[at + 3]!, bytes[at + 4]!]
    if (length > maxFrame) return stop('a frame that is too large')
    const end = at + HEADER + length
    const body = bytes.subarray(at + HEADER, Math.min(end, bytes.length))
    const isWhole = end <= bytes.length
    at = end
    if (type >= 0x80) continue
    if (bytes.readUIntLE(end - length - 3, 3) !== 0) return stop('a channel')
    if (type === 0x01) {
      if (hasClosed) return stop('DATA after CLOSE')
      if (flags > 3) return stop('flags of DATA')
      const [isFirst, isLast] = [(flags & 1) === 1, (flags & 2) === 2]
      if (isFirst !== total < 0) return stop('order of fragments')
      if (isFirst && isLast) {
        if (length > maxMessage) return stop('a message that is too large')
        if (isWhole) messages.push(Buffer.from(body))
        continue
      }
      if (isFirst) {
        if (length !== maxFrame) return stop('size of the first fragment')
        if (body.length < 6) return stop(undefined)
        total = body.readUIntLE(0, 6)
        if (total <= maxFrame || total > maxMessage) return stop('total length')
        parts = [body.subarray(6)]
        continue
      }
      const left = total - parts.reduce((sum, part) => sum + part.length, 0)
      if (length !== Math.min(left, maxFrame) || isLast !== left <= maxFrame)
        return stop('size of a fragment')
      parts.push(body)
      if (!isLast || !isWhole) continue
      messages.push(Buffer.concat(parts))
      total = -1
      continue
    }
    if (flags !== 0) return stop('flags')
    if (type === 0x09) return stop(length < 3 || length > 259 ? 'size of ERROR' : 'ERROR')
    if (!TYPES.has(type)) return stop('an unknown type')
    if (length !== TYPES.get(type)) return stop('size')
    if (type !== 0x07) continue
    if (hasClosed || total >= 0) return stop('CLOSE in the wrong place')
    hasClosed = true
  }
  return stop(undefined)
}

/** What the other side of a socket has said and been told, for {@link faultOf}. */
export interface Heard {
  /** The credit that it began with, and all that it granted since. */
  readonly credit: number
  /** The least of its limits. */
  readonly maxFrame: number
  readonly maxMessage: number
  /** It broke, and a frame with it. */
  readonly isCut?: boolean
}

/** What a sender of `bytes` has done that it may not; `undefined`: nothing. `skip`: greeting, RESUME. */
export function faultOf(bytes: Buffer, heard: Heard): string | undefined {
  if (bytes.length === 0) return undefined
  const isGreeting = bytes[0] === 0x89 && bytes[1] === 0x49
  if (isGreeting && bytes.length < GREETING) return heard.isCut ? undefined : 'half a greeting'
  let at = isGreeting ? GREETING : 0
  if (isGreeting && (bytes[at + 3] === 0x10 || bytes[at + 3] === 0x11)) at += HEADER + bytes.readUIntLE(at, 3)
  const { frames, left } = framesIn(bytes, at)
  if (left > 0 && !heard.isCut) return `${left} bytes of no frame at the end`
  const error = frames.findIndex(({ type }) => type === 0x09)
  if (error >= 0 && error < frames.length - 1) return 'frames behind ERROR'
  if (!isGreeting && (frames.length !== 1 || error !== 0)) return 'no greeting, and not just ERROR'
  const { wrong, messages } = read(bytes, at, heard.maxFrame, heard.maxMessage)
  if (wrong !== undefined && wrong !== 'ERROR') return wrong
  let spent = 0
  for (const message of messages) {
    if (spent >= heard.credit) return `a message when ${spent} of ${heard.credit} were spent`
    spent += message.length + 64
  }
  return undefined
}

/** Whether `delivered` is: some of the first messages of each socket, socket after socket. */
export function isConsistent(delivered: readonly Buffer[], sockets: readonly (readonly Buffer[])[]): boolean {
  let places = new Set([0])
  for (const messages of sockets) {
    const next = new Set(places)
    for (const place of places) {
      for (let n = 0; n < messages.length && place + n < delivered.length; n++) {
        if (!messages[n]!.equals(delivered[place + n]!)) break
        next.add(place + n + 1)
      }
    }
    places = next
  }
  return places.has(delivered.length)
}
