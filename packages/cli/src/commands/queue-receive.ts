import { isIpcError } from '@ipc/core'
import { type AddCommand, command, jsonOption, limitOption } from '../command.js'
import { jsonValue } from '../terminal.js'
import { type QueuePlace, withQueue } from '../wire/open-queue.js'
import { addBodyOptions, addPlaceOptions } from './queue-options.js'

interface ReceiveOptions extends QueuePlace {
  readonly count: number
  readonly timeout: number
  readonly json?: boolean
}

/** `ipc queue receive QUEUE` */
export const addQueueReceive: AddCommand = (queue, { output, terminal }) => {
  const receive = command(
    'receive',
    'Take messages from a queue and print their bodies, a JSON text in each line, or with --codec bytes as they are. A ' +
      'message is acknowledged once it is printed; if this process dies before that, it goes to somebody else.',
    [
      'ipc queue receive jobs --dir ./queues',
      'ipc queue receive jobs --dir ./queues --count 100 --timeout 0',
    ],
  )
    .argument('<queue>', 'its name')
    .addOption(limitOption('--count', 'end after so many'))
    .addOption(limitOption('--timeout', 'end when there was none for so long'))
  queue.addCommand(
    addPlaceOptions(addBodyOptions(receive))
      .addOption(
        jsonOption('one line of JSON for each message: id, attempt, sentAt, priority, headers, body'),
      )
      .action((name: string, options: ReceiveOptions) =>
        withQueue(options, name, { create: false }, terminal, async (opened) => {
          for (let left = options.count; left > 0; left--) {
            const delivery = await opened
              .receive({ timeoutMs: options.timeout, signal: terminal.signal })
              .catch(refusedIsSkipped)
            if (delivery === undefined) return
            if (delivery === 'refused') continue
            const { id, attempt, sentAt, priority, orderingKey, headers, body } = delivery
            if (options.json) {
              await output.jsonLine({ id, attempt, sentAt, priority, orderingKey, headers, body })
            } else await output.write(lineOf(body, options.codec))
            await delivery.ack()
          }
        }),
      ),
  )

  /** What the codec refuses is a dead letter by now. */
  function refusedIsSkipped(error: unknown): 'refused' {
    if (!isIpcError(error, 'IPC_DECODE_FAILED')) throw error
    output.note(`a message is a dead letter now: ${error.message}`)
    return 'refused'
  }
}

function lineOf(body: unknown, codec: string): string | Uint8Array {
  if (codec === 'bytes') return Buffer.concat([body as Uint8Array, Buffer.from('\n')])
  return `${JSON.stringify(body, jsonValue)}\n`
}
