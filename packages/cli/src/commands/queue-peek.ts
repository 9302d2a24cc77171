import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { type AddCommand, command, integer, jsonOption } from '../command.js'
import { jsonValue, type Terminal } from '../terminal.js'
import { decoderOf } from '../wire/message-format.js'
import { checkPlace, type QueuePlace, withQueue } from '../wire/open-queue.js'
import { textOrBytes } from '../wire/shown-payload.js'
import { addBodyOptions, addPlaceOptions } from './queue-options.js'

interface PeekOptions extends QueuePlace {
  readonly count: number
  readonly dead?: boolean
  readonly json?: boolean
}

interface Peeked {
  readonly id: string
  readonly priority: number
  readonly sentAt: Date
  readonly attempts: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>>
  readonly reason: string | undefined
  readonly body: unknown
}

/** `ipc queue peek QUEUE` */
export const addQueuePeek: AddCommand = (queue, { output, terminal }) => {
  const peek = command(
    'peek',
    'Show the next messages of a queue, in the order of delivery, and leave them there. A directory is only read.',
    ['ipc queue peek jobs --dir ./queues --count 10', 'ipc queue peek jobs --dir ./queues --dead --json'],
  )
    .argument('<queue>', 'its name')
    .option('--count <n>', 'how many', integer('--count', 1), 1)
    .option('--dead', 'dead letters, the oldest first, with their reasons')
  queue.addCommand(
    addPlaceOptions(addBodyOptions(peek))
      .addOption(
        jsonOption(
          'one line of JSON for each message: id, priority, sentAt, attempts, headers, reason, body',
        ),
      )
      .action(async (name: string, options: PeekOptions) => {
        checkPlace(options)
        const peeked =
          options.dir === undefined
            ? await peekAt(name, options, terminal)
            : await peekIn(options.dir, name, options)
        for (const message of peeked) {
          if (options.json) await output.jsonLine(message)
          else output.text(lineOf(message))
        }
      }),
  )
}

/** By the file alone. */
async function peekIn(directory: string, name: string, options: PeekOptions): Promise<Peeked[]> {
  const inspection = await inspectQueues(directory)
  const decode = decoderOf(options.codec)
  try {
    return inspection
      .messages(name, options.dead ? 'dead' : 'ready', options.count)
      .map((message) => ({ ...message, body: decode(message.body) }))
  } finally {
    inspection.close()
  }
}

function peekAt(name: string, options: PeekOptions, terminal: Terminal): Promise<Peeked[]> {
  return withQueue(options, name, { create: false }, terminal, async (queue): Promise<Peeked[]> => {
    if (options.dead) {
      const letters = await queue.deadLetters(options.count)
      return letters.map((letter) => ({ ...letter, attempts: letter.attempt, body: letter.body }))
    }
    const messages = await queue.peek(options.count)
    return messages.map((message) => ({
      ...message,
      attempts: message.attempt - 1,
      reason: undefined,
      body: message.body,
    }))
  })
}

function lineOf({ id, attempts, sentAt, reason, body }: Peeked): string {
  const shown = body instanceof Uint8Array ? textOrBytes(body) : JSON.stringify(body, jsonValue)
  const why = reason === undefined ? '' : `  ${reason}`
  return `${id}  ${sentAt.toISOString()}  attempts ${attempts}${why}  ${shown}`
}
