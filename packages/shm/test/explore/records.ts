import { RING_HEAD, RING_TAIL } from '../../src/ring/ring-layout.js'

/**
 * Numbered records as the consumers of the scenarios found them: kind, then the words. Throws unless they are the first
 * ones, in order, each once and whole: word `w` of record `n` is `10 * (n + 1) + w`.
 */
export function expectInOrder(found: readonly (readonly number[])[], sizes: readonly number[]): void {
  found.forEach((record, number) => {
    const words = (sizes[number] ?? 0) / 4
    const whole = [number, ...Array.from({ length: words }, (_, word) => 10 * (number + 1) + word)]
    if (String(record) !== String(whole)) throw new Error(`record ${number} is ${record}, not ${whole}`)
  })
}

/** Kind and words of a record in the record area. */
export function recordAt(words: Int32Array, start: number, end: number, kind: number): number[] {
  const record = [kind]
  for (let word = start >> 2; word < end >> 2; word++) record.push(words[word] as number)
  return record
}

/** Names the words of a ring at the start of the memory. */
export function nameOfRing(word: number, controlBytes: number, capacity: number): string | undefined {
  if (word === RING_TAIL >> 2) return 'tail'
  if (word === RING_HEAD >> 2) return 'head'
  const index = 4 * word - controlBytes
  return index >= 0 && index < capacity ? `record bytes ${index}` : undefined
}
