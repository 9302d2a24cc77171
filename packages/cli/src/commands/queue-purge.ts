import { type AddCommand, command, jsonOption } from '../command.js'
import { grouped } from '../render/figures.js'
import { type QueuePlace, withQueue } from '../wire/open-queue.js'
import { addPlaceOptions } from './queue-options.js'

interface PurgeOptions extends QueuePlace {
  readonly dead?: boolean
  readonly json?: boolean
}

/** `ipc queue purge QUEUE` */
export const addQueuePurge: AddCommand = (queue, { output, terminal }) => {
  const purge = command('purge', 'Remove all messages of a queue that wait; those that are leased stay.', [
    'ipc queue purge jobs --dir ./queues',
    'ipc queue purge jobs --dir ./queues --dead',
  ])
    .argument('<queue>', 'its name')
    .option('--dead', 'remove its dead letters instead')
  queue.addCommand(
    addPlaceOptions(purge)
      .addOption(jsonOption('one JSON document: purged'))
      .action((name: string, { dead = false, json, ...options }: PurgeOptions) => {
        const place = { ...options, codec: 'msgpack' }
        return withQueue(place, name, { create: false }, terminal, async (opened) => {
          const purged = await opened.purge(dead ? 'dead' : 'waiting')
          if (json) output.document({ purged })
          else output.text(`${grouped(purged)} ${dead ? 'dead letters' : 'messages'} removed`)
        })
      }),
  )
}
