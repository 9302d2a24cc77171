import { IpcError, type QueueStats } from '@ipc/core'
import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { type AddCommand, command, jsonOption } from '../command.js'
import { UsageError } from '../exit-codes.js'
import { bytesOf, grouped } from '../render/figures.js'
import { numeric, tableOf } from '../render/table.js'
import { checkPlace, type QueuePlace, withQueue } from '../wire/open-queue.js'
import { addPlaceOptions } from './queue-options.js'

interface Named {
  readonly name: string
  readonly stats: QueueStats
}

/** `ipc queue ls` */
export const addQueueLs: AddCommand = (queue, { output, terminal }) => {
  const ls = command(
    'ls',
    'List queues and how many messages are in them. A directory is only read: none of its processes notices. A broker ' +
      'does not tell the names of its queues: give them.',
    ['ipc queue ls --dir ./queues', 'ipc queue ls --at shm:broker jobs mails --json'],
  ).argument('[names...]', 'queues; of a directory all, if there are none', [])
  queue.addCommand(
    addPlaceOptions(ls)
      .addOption(jsonOption('one JSON document: queues'))
      .action(async (names: readonly string[], options: QueuePlace & { readonly json?: boolean }) => {
        checkPlace(options)
        const { dir } = options
        const queues =
          dir === undefined
            ? await Promise.all(names.map((name) => statsAt(name)))
            : (await statsIn(dir)).filter(({ name }) => names.length === 0 || names.includes(name))
        if (dir === undefined && names.length === 0) {
          throw new UsageError('name the queues: a broker does not tell')
        }
        const missing = names.find((name) => !queues.some((found) => found.name === name))
        if (missing !== undefined)
          throw new IpcError('IPC_CONNECT_FAILED', `there is no queue ${missing} in ${dir}`)
        if (options.json) output.document({ queues })
        else output.text(renderQueues(queues, output.columns))

        async function statsAt(name: string): Promise<Named> {
          const place = { ...options, codec: 'msgpack' }
          const stats = await withQueue(place, name, { create: false }, terminal, (queue) => queue.stats())
          return { name, stats }
        }
      }),
  )
}

async function statsIn(directory: string): Promise<Named[]> {
  const inspection = await inspectQueues(directory)
  try {
    return inspection.queues()
  } finally {
    inspection.close()
  }
}

function renderQueues(queues: readonly Named[], columns: number): string {
  if (queues.length === 0) return 'no queues'
  return tableOf(
    [
      'QUEUE',
      ...['READY', 'DELAYED', 'BLOCKED', 'LEASED', 'DEAD', 'SIZE', 'DROPPED', 'EXPIRED'].map(numeric),
    ],
    queues.map(({ name, stats }) => [
      name,
      ...[stats.ready, stats.delayed, stats.blocked, stats.leased, stats.dead].map(grouped),
      bytesOf(stats.bytes),
      ...[stats.dropped, stats.expired].map(grouped),
    ]),
    columns,
  )
}
