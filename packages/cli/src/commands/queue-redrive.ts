import { type AddCommand, command, integer, jsonOption } from '../command.js'
import { grouped } from '../render/figures.js'
import { type QueuePlace, withQueue } from '../wire/open-queue.js'
import { addPlaceOptions } from './queue-options.js'

interface RedriveOptions extends QueuePlace {
  readonly max?: number
  readonly json?: boolean
}

/** `ipc queue redrive QUEUE` */
export const addQueueRedrive: AddCommand = (queue, { output, terminal }) => {
  const redrive = command(
    'redrive',
    'Put dead letters back into their queue, the oldest first, with all their attempts.',
    ['ipc queue redrive jobs --dir ./queues', 'ipc queue redrive jobs --dir ./queues --max 10'],
  )
    .argument('<queue>', 'its name')
    .option('--max <n>', 'no more than so many', integer('--max', 1))
  queue.addCommand(
    addPlaceOptions(redrive)
      .addOption(jsonOption('one JSON document: redriven'))
      .action((name: string, { max, json, ...options }: RedriveOptions) => {
        const place = { ...options, codec: 'msgpack' }
        return withQueue(place, name, { create: false }, terminal, async (opened) => {
          const redriven = await opened.redrive({ max })
          if (json) output.document({ redriven })
          else output.text(`${grouped(redriven)} dead letters put back`)
        })
      }),
  )
}
