import type { Self } from '@ipc/faults'
import {
  MAX_PARTICIPANTS,
  OBJECTS_PARTICIPANTS,
  PARTICIPANT_BYTES,
  PARTICIPANT_EPOCH,
  PARTICIPANT_LOSSES,
  PARTICIPANT_MODE,
  PARTICIPANT_STATE,
  PARTICIPANT_WAKE,
  SLOT_LIVE,
} from '../../src/layout.js'
import type { LifeLocks } from '../../src/wait/life-locks.js'
import { Participant } from '../../src/wait/participant.js'
import { Participants } from '../../src/wait/participants.js'

/** Seat participants 0 to `count - 1` beforehand: how they join is another scenario. */
export function seatAll(words: Int32Array, count: number): void {
  for (let slot = 0; slot < count; slot++) {
    const at = (OBJECTS_PARTICIPANTS + slot * PARTICIPANT_BYTES) >> 2
    words[at + (PARTICIPANT_EPOCH >> 2)] = 1
    words[at + (PARTICIPANT_STATE >> 2)] = SLOT_LIVE
  }
}

/** Who sits there, and puts right what the dead leave. */
export interface SeatInit {
  readonly words: Int32Array
  readonly self: Self
  readonly slot: number
  readonly life?: LifeLocks
  recover?(participants: Participants, participant: number): void
}

/** The participants of a region, of which this thread is one that was seated beforehand. */
export function takeSeat({ words, self, slot, life, recover = () => {} }: SeatInit): {
  readonly participants: Participants
  readonly own: Participant
} {
  const participants: Participants = new Participants({
    what: 'the region',
    words,
    payload: 0,
    futex: self.futex(words),
    bells: undefined,
    // Its own lock, which the system does not show, is as good as taken.
    life: life && { ...life, isTaken: (other) => other === slot || life.isTaken(other) },
    recover: (participant) => recover(participants, participant),
  })
  participants.join = () => slot
  return { participants, own: new Participant(participants) }
}

/** Names the words of a participant. */
export function nameOfSeat(word: number): string | undefined {
  const at = 4 * word - OBJECTS_PARTICIPANTS
  const slot = Math.floor(at / PARTICIPANT_BYTES)
  if (slot < 0 || slot >= MAX_PARTICIPANTS) return undefined
  const names: Record<number, string> = {
    [PARTICIPANT_STATE]: 'state',
    [PARTICIPANT_EPOCH]: 'epoch',
    [PARTICIPANT_LOSSES]: 'losses',
    [PARTICIPANT_WAKE]: 'wake',
    [PARTICIPANT_MODE]: 'mode',
  }
  const name = names[at % PARTICIPANT_BYTES]
  return name === undefined ? undefined : `${name} of ${slot}`
}
