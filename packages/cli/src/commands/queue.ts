import type { AddCommand } from '../command.js'
import { addQueueLs } from './queue-ls.js'
import { addQueuePeek } from './queue-peek.js'
import { addQueuePurge } from './queue-purge.js'
import { addQueueReceive } from './queue-receive.js'
import { addQueueRedrive } from './queue-redrive.js'
import { addQueueSend } from './queue-send.js'

/** `ipc queue ...` */
export const addQueue: AddCommand = (program, context) => {
  const queue = program
    .command('queue')
    .description(
      'Look at queues, send to them, receive from them: in a directory of @ipc/mq-sqlite, or at a broker.',
    )
  for (const add of [
    addQueueLs,
    addQueuePeek,
    addQueueSend,
    addQueueReceive,
    addQueuePurge,
    addQueueRedrive,
  ]) {
    add(queue, context)
  }
}
