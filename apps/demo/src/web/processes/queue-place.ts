import { join } from 'node:path'
import type { MessageQueue } from '@ipc/core'
import { openQueue } from '@ipc/mq-sqlite'
import { MAX_ATTEMPTS } from '../limits.js'

/** A message of the queue that is drawn. */
export interface LabMessage {
  readonly number: number
  /** Its handler throws. */
  readonly bad: boolean
}

/** The queue of the panel, in a directory: it is nobody's, and there as long as the directory is. */
export function openLabQueue(scratch: string): Promise<MessageQueue<LabMessage>> {
  return openQueue<LabMessage>(join(scratch, 'queues'), 'jobs', {
    create: { maxAttempts: MAX_ATTEMPTS, backoff: { firstMs: 400, maxMs: 400 } },
    // What SIGKILL leaves is what is shown here; a loss of power is not.
    durability: 'os',
  })
}
