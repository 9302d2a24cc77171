import { createHash } from 'node:crypto'

/** Longest part of a stream's name that tells a queue; JetStream makes a directory of it. */
const MAX_ENCODED_LENGTH = 180
const KEPT_LENGTH = 140

/** What the parts of a queue are called in JetStream. */
export interface QueueNames {
  readonly stream: string
  readonly subject: string
  readonly deadStream: string
  readonly deadSubject: string
}

/**
 * Names for a queue. Letters, digits, `-` and `_` stay; every other UTF-16 code unit is `=` and its hexadecimal digits, because
 * subjects and directories have characters of their own. The end of a long name is its hash.
 */
export function namesOf(queue: string): QueueNames {
  const whole = queue.replaceAll(
    /[^A-Za-z0-9_-]/g,
    (unit) => `=${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  const encoded = whole.length <= MAX_ENCODED_LENGTH ? whole : shortened(whole)
  return {
    stream: `ipc-q-${encoded}`,
    subject: `ipc.q.${encoded}`,
    deadStream: `ipc-d-${encoded}`,
    deadSubject: `ipc.d.${encoded}`,
  }
}

/** `==` occurs in no other name. */
function shortened(whole: string): string {
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 32)
  return `${whole.slice(0, KEPT_LENGTH)}==${hash}`
}
