import { setImmediate } from 'node:timers/promises'
import type { MessageQueue, OutgoingMessage, QueueSendOptions } from '@ipc/core'
import { Option } from 'commander'
import { type AddCommand, command, integer, jsonOption } from '../command.js'
import { messagesIn } from '../wire/messages-in.js'
import { type QueuePlace, withQueue } from '../wire/open-queue.js'
import { addBodyOptions, addPlaceOptions } from './queue-options.js'

interface SendOptions extends QueuePlace {
  readonly create?: boolean
  readonly raw?: boolean
  readonly json?: boolean
  readonly priority?: number
  readonly delay?: number
  readonly ttl?: number
  readonly orderingKey?: string
  readonly durability?: 'memory' | 'os' | 'disk'
}

/** Messages that are given to the queue at once, where so many are there. */
const BATCH = 256

/** `ipc queue send QUEUE` */
export const addQueueSend: AddCommand = (queue, { output, terminal }) => {
  const send = command(
    'send',
    'Send standard input to a queue: each line is a message, a JSON text unless --codec bytes. Ends when the queue has all of it.',
    [
      'echo \'{"url":"https://example.org"}\' | ipc queue send jobs --dir ./queues',
      'ipc queue send mails --at shm:broker --priority 5 < mails.ndjson',
    ],
  )
    .argument('<queue>', 'its name')
    .option('--create', 'make the queue when it is not there')
    .option('--raw', 'each chunk of bytes is a message: goes with --codec bytes')
    .option('--priority <n>', 'higher comes first', (text) => Number(text))
    .option('--delay <ms>', 'not delivered before', integer('--delay', 0))
    .option('--ttl <ms>', 'dropped when not retrieved by then', integer('--ttl', 1))
    .option('--ordering-key <key>', 'those with the same key are handled one after the other')
    .addOption(
      new Option('--durability <how>', 'how safe before it counts as sent').choices(['memory', 'os', 'disk']),
    )
  queue.addCommand(
    addPlaceOptions(addBodyOptions(send))
      .addOption(jsonOption('one JSON document in the end: sent'))
      .action((name: string, options: SendOptions) =>
        withQueue(options, name, { create: options.create === true }, terminal, async (opened) => {
          const sent = await sendAll(opened, messagesIn(terminal.stdin, options), options, terminal.signal)
          if (options.json) output.document({ sent })
        }),
      ),
  )
}

async function sendAll(
  queue: MessageQueue<unknown>,
  bodies: AsyncIterable<unknown>,
  { priority, delay, ttl, orderingKey, durability }: SendOptions,
  signal: AbortSignal,
): Promise<number> {
  const options: QueueSendOptions = { priority, delayMs: delay, ttlMs: ttl, orderingKey, durability }
  let sent = 0
  let batch: OutgoingMessage<unknown>[] = []
  const flush = async (): Promise<void> => {
    const full = batch
    batch = []
    await queue.sendBatch(full, { signal })
    sent += full.length
  }
  const lines = bodies[Symbol.asyncIterator]()
  for (let next = lines.next(); ; next = lines.next()) {
    // Nothing waits for lines that are not there yet.
    const isIdle = await Promise.race([next.then(() => false), setImmediate(true)])
    if (batch.length >= BATCH || (isIdle && batch.length > 0)) await flush()
    const { done, value } = await next
    if (done === true) break
    batch.push({ body: value, options })
  }
  if (batch.length > 0) await flush()
  return sent
}
