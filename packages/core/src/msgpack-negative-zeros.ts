type Packed = Uint8Array & { readonly start: number; readonly end: number }

/** The 9 bytes of a float64 in MessagePack. */
const FLOAT64 = 0xcb
const FLOAT64_BYTES = 9

/**
 * Pack a message that contains -0, which msgpackr writes as the integer 0: put a number in the place of each that
 * occurs nowhere else, and rewrite that number's bytes as those of the float64 -0.
 */
export function withNegativeZeros(message: unknown, pack: (message: unknown) => Packed): Packed {
  while (true) {
    // Any number that msgpackr writes as a float64 would do; a random one is all but certainly not in the message.
    const standIn = 1 / (2 + Math.random())
    let count = 0
    const copy = (value: unknown): unknown => {
      if (Object.is(value, -0)) {
        count++
        return standIn
      }
      if (Array.isArray(value)) return value.map(copy)
      if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
        return value
      }
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]))
    }
    const packed = pack(copy(message))
    const places = placesOf(standIn, packed)
    if (places.length !== count) continue
    for (const place of places) {
      packed.fill(0, place + 1, place + FLOAT64_BYTES)
      packed[place + 1] = 0x80
    }
    return packed
  }
}

function placesOf(value: number, packed: Packed): number[] {
  const wanted = new Uint8Array(FLOAT64_BYTES)
  wanted[0] = FLOAT64
  new DataView(wanted.buffer).setFloat64(1, value)
  const places: number[] = []
  for (let at = packed.start; at + FLOAT64_BYTES <= packed.end; at++) {
    let matched = 0
    while (matched < FLOAT64_BYTES && packed[at + matched] === wanted[matched]) matched++
    if (matched === FLOAT64_BYTES) places.push(at)
  }
  return places
}
