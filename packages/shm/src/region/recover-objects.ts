import { isIpcError } from '@ipc/core'
import { KIND_CONDITION, KIND_MPSC_RING, KIND_MUTEX, KIND_SEMAPHORE } from '../layout.js'
import { GrantQueue } from '../lock/grant-queue.js'
import { TurnQueue } from '../lock/turn-queue.js'
import { forgetProducer } from '../ring/forget-producer.js'
import type { Participants } from '../wait/participants.js'
import { eachObject, type ObjectMemory } from './objects.js'

/**
 * Put right what a dead participant left in the locks of a region, and forget what it said in rings. Other than that, rings
 * and values need none of this: whoever is held up by a dead one there asks itself whether it lives.
 */
export function recoverObjects(
  region: ObjectMemory & { readonly participants: Participants },
  participant: number,
): void {
  const { words, participants } = region
  try {
    for (const { kind, offset } of eachObject(region)) {
      if (kind === KIND_MUTEX || kind === KIND_SEMAPHORE) {
        new TurnQueue(words, offset, participants).recover(participant)
      } else if (kind === KIND_CONDITION) {
        new GrantQueue(words, offset, participants).recover(participant)
      } else if (kind === KIND_MPSC_RING) forgetProducer(words, offset, participant)
    }
  } catch (error) {
    // A corrupt region is told to those who use it.
    if (!isIpcError(error, 'IPC_PROTOCOL')) throw error
  }
}
