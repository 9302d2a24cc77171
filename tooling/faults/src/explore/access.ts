/** What a thread asks of the model: an access of memory, or of what else the threads share. */
export type Operation =
  | 'load'
  | 'store'
  | 'Atomics.load'
  | 'Atomics.store'
  | ReadModifyWrite
  | 'block'
  | 'unblock'
  | 'isAlive'
  | 'take'
  | 'release'
  | 'isTaken'
  | 'note'

export type ReadModifyWrite =
  | 'Atomics.add'
  | 'Atomics.sub'
  | 'Atomics.and'
  | 'Atomics.or'
  | 'Atomics.xor'
  | 'Atomics.exchange'
  | 'Atomics.compareExchange'

/** One access. Memory is words of 32 bits; an access of a single byte has the mask of that byte. */
export interface Access {
  readonly operation: Operation
  /** Index of the word in the memory; of the thread, for `isAlive`. */
  readonly word: number
  /** The bits of the word that are accessed. */
  readonly mask: number
  /** What is stored, or the operand; in the bits of `mask`. */
  readonly value: number
  /** What `compareExchange` expects. */
  readonly expected: number
  /** What is noted. */
  readonly note: unknown
}

export const WHOLE_WORD = -1

/** Result of `block` when the time is over; otherwise it is 0. */
export const TIMED_OUT = 1

/** An access with what does not matter left out. */
export function accessOf(operation: Operation, word: number, value: number = 0): Access {
  return { operation, word, mask: WHOLE_WORD, value, expected: 0, note: undefined }
}

/** Whether two accesses are of the same kind and place; what they store may differ. */
export function isSamePlace(one: Access, other: Access): boolean {
  return one.operation === other.operation && one.word === other.word && one.mask === other.mask
}

/** Whether two accesses are the same. */
export function isSameAccess(one: Access, other: Access): boolean {
  return isSamePlace(one, other) && one.value === other.value && one.expected === other.expected
}

/** What a word holds after the bits of `mask` were stored. */
export function stored(word: number, mask: number, value: number): number {
  return (word & ~mask) | (value & mask)
}

/** What a read-modify-write stores where it finds `found`; `undefined` when it stores nothing. */
export function modified({ operation, value, expected }: Access, found: number): number | undefined {
  switch (operation) {
    case 'Atomics.add':
      return (found + value) | 0
    case 'Atomics.sub':
      return (found - value) | 0
    case 'Atomics.and':
      return found & value
    case 'Atomics.or':
      return found | value
    case 'Atomics.xor':
      return found ^ value
    case 'Atomics.exchange':
      return value
    case 'Atomics.compareExchange':
      return found === expected ? value : undefined
    default:
      throw new TypeError(`${operation} is no read-modify-write`)
  }
}

/** What an access has stored where it found `found`, in the bits of its mask, if it is one of memory and has. */
export function storedBy(access: Access, found: number): number | undefined {
  const { operation, value } = access
  if (operation === 'store' || operation === 'Atomics.store') return value
  if (!operation.startsWith('Atomics.') || operation === 'Atomics.load') return undefined
  return modified(access, found)
}

/** Takes the accesses of a thread. */
export interface Port {
  /** Returns what the access finds. */
  access(access: Access): number
}

/** Where the model's arrays and `Atomics` find who takes their accesses now. */
export interface Seam {
  port: Port
}
