/** Numbers that decide everything in a run of the fuzzer: the same seed, the same run. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1
  }

  /** From 0 to `below` - 1. */
  below(below: number): number {
    // xorshift32
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) % below
  }
}

const ODD = [0, 1, 2, 3, 7, 8, 15, 16, 31, 32, 63, 64, 72, 127, 128, 199, 200, 229, 230, 254, 255]
const MOST_BYTES = 400

/** Another input, made of one, and perhaps of a part of another one. */
export function mutate(input: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  let bytes = [...input]
  for (let i = 1 + random.below(4); i > 0; i--) bytes = mutateOnce(bytes, other, random)
  return Uint8Array.from(bytes.slice(0, MOST_BYTES))
}

function mutateOnce(bytes: number[], other: Uint8Array, random: Random): number[] {
  const at = random.below(bytes.length + 1)
  const length = 1 + random.below(8)
  const mutations: readonly (() => number[])[] = [
    () => bytes.with(Math.min(at, bytes.length - 1), random.below(256)),
    () => bytes.with(Math.min(at, bytes.length - 1), ODD[random.below(ODD.length)]!),
    () =>
      bytes.with(
        Math.min(at, bytes.length - 1),
        bytes[Math.min(at, bytes.length - 1)]! ^ (1 << random.below(8)),
      ),
    () => bytes.toSpliced(at, 0, ...Array.from({ length }, () => random.below(256))),
    // A step that says what it does, with an argument.
    () => bytes.toSpliced(at, 0, random.below(16), ODD[random.below(ODD.length)]!),
    () => bytes.toSpliced(at, length),
    () => bytes.toSpliced(at, 0, ...bytes.slice(at, at + length)),
    () =>
      bytes.toSpliced(
        at,
        0,
        ...other.subarray(random.below(other.length + 1)).subarray(0, 1 + random.below(24)),
      ),
    () => [...bytes.slice(0, at), ...other.subarray(Math.min(at, other.length))],
  ]
  if (bytes.length === 0) return [random.below(256), random.below(256)]
  return mutations[random.below(mutations.length)]!()
}
