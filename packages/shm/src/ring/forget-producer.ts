import { MPSC_PRODUCER_INTENT, MPSC_PRODUCER_WRAPPED, producerWord } from './mpsc-layout.js'

/**
 * Forget where a dead participant claimed in a ring with many producers: whatever it has claimed is nobody's. If it lives
 * after all, it notices with its next claim.
 *
 * @param offset - Where the ring lies in `words`, in bytes.
 */
export function forgetProducer(words: Int32Array, offset: number, participant: number): void {
  for (const field of [MPSC_PRODUCER_INTENT, MPSC_PRODUCER_WRAPPED]) {
    // Pairs with the load in MpscWriter.#intend() and that in MpscReader.recover().
    Atomics.store(words, (offset >> 2) + producerWord(participant, field), 0)
  }
}
