import { type Codec, type Durability, type MessageQueue, msgpack, type WaitOptions } from '@ipc/core'
import { checkName } from './access.js'
import { readerOf, type Schema } from './body-reader.js'
import type { QueueEvent } from './commands.js'
import { checkDurability } from './outgoing.js'
import { QueueClient } from './queue-client.js'
import type { QueueLink } from './queue-link.js'
import { type QueueSettings, resolveSettings } from './queue-settings.js'

/** How a queue is opened. */
export interface OpenOptions<T> extends WaitOptions {
  /**
   * How bodies become bytes. The broker does not look into them: whoever sends and receives needs the same one.
   *
   * @default `msgpack()`
   */
  readonly codec?: Codec<T> | undefined
  /** Checks (and may transform) each body that is received. One that does not match becomes a dead letter. */
  readonly schema?: Schema<T> | undefined
  /** Make the queue with these settings when it is not there. One that is there stays as it is. */
  readonly create?: QueueSettings | undefined
  /**
   * How safe messages have to be when their receipts come, and acknowledgements when they resolve; `send` may ask otherwise
   * for a message.
   *
   * @default the safest that the broker's store has
   */
  readonly durability?: Durability | undefined
}

/** Open a queue of an engine. */
export async function openQueue<T>(
  link: QueueLink,
  name: string,
  options: OpenOptions<T>,
): Promise<MessageQueue<T>> {
  const { handle, offered } = await open(link, 'queue', name, options)
  const codec = options.codec ?? msgpack<T>()
  return new QueueClient<T>({
    link,
    handle,
    name,
    codec,
    reader: readerOf(codec, options.schema),
    offered,
    durability: options.durability ?? offered,
  })
}

/** Ask for a queue or a topic, under a handle of its own. */
export async function open<T>(
  link: QueueLink,
  what: 'queue' | 'topic',
  name: string,
  { create, durability, signal, timeoutMs }: OpenOptions<T>,
): Promise<{ readonly handle: number; readonly offered: Durability }> {
  checkName(name)
  if (create !== undefined) resolveSettings(create)
  if (durability !== undefined) checkDurability(durability, 'disk')
  const request = link.newNumber()
  const handle = link.newNumber()
  const offered = await link.ask<Durability>(
    { kind: 'open', request, handle, what, name, create, durability },
    { signal, timeoutMs },
    (event) => (event as Extract<QueueEvent, { readonly kind: 'opened' }>).durability,
    {
      what: `opening ${what} ${name}`,
      cancelled: (why) => {
        throw why
      },
      tooLate: () => link.post({ kind: 'close', request: 0, handle }),
      // Opening does not wait at the broker: nothing there could be cancelled.
      abortsAtOnce: true,
    },
  )
  try {
    if (durability !== undefined) checkDurability(durability, offered)
  } catch (error) {
    link.post({ kind: 'close', request: 0, handle })
    throw error
  }
  return { handle, offered }
}
