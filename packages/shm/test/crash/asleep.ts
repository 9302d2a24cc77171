import type { Victim } from '@ipc/faults/crash'
import type { Region } from '@ipc/shm'
import {
  MAX_PARTICIPANTS,
  OBJECTS_PARTICIPANTS,
  PARKED,
  PARTICIPANT_BYTES,
  PARTICIPANT_MODE,
  PARTICIPANT_PID,
  REGION_HEADER_BYTES,
} from '../../src/layout.js'
import { insideOf } from '../../src/region/region.js'
import { until } from '../fixtures/until-parked.js'

/** Wait until a victim sleeps in that mode, or is dead. Returns whether it sleeps. */
export async function untilAsleep(region: Region, victim: Victim, mode: number): Promise<boolean> {
  let isDead = false
  const dead = (): void => {
    isDead = true
  }
  victim.death.then(dead, dead)
  const pid = await victim.began
  await until(() => isDead || modeOf(region, pid) === mode, `the victim sleeps in mode ${mode}`)
  return modeOf(region, pid) === mode && !isDead
}

/** Turns of the event loop in which a sleeper has to stay asleep: rings of what was before may be under way. */
const QUIET_TURNS = 4

/** Wait until this process sleeps in its event loop, and nothing is under way that would wake it. */
export async function untilFastAsleep(region: Region): Promise<void> {
  let quiet = 0
  const isQuiet = (): boolean => {
    quiet = modeOf(region, process.pid) === PARKED ? quiet + 1 : 0
    return quiet >= QUIET_TURNS
  }
  await until(isQuiet, 'this process sleeps')
}

/** Mode of the participant that belongs to a process; -1 if there is none. */
function modeOf(region: Region, pid: number): number {
  const words = new Int32Array(region.buffer, REGION_HEADER_BYTES)
  for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
    const at = OBJECTS_PARTICIPANTS + slot * PARTICIPANT_BYTES
    if (words[(at + PARTICIPANT_PID) >> 2] === pid) return Atomics.load(words, (at + PARTICIPANT_MODE) >> 2)
  }
  return -1
}

/** Have a thread wait in its event loop for once, which takes a bell. Nothing comes. */
export async function waitInVain(region: Region): Promise<void> {
  const never = { ready: () => false, arm() {}, disarm() {} }
  // Ends with IPC_TIMEOUT.
  await insideOf(region)
    .self.wait('wait in vain', never, { timeoutMs: 1 })
    .catch(() => {})
}
