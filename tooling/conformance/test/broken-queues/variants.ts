import type { Delivery, MessageQueue } from '@ipc/core'
import { type ModelEntry, type ModelMessage, QueueModel } from '../../src/queue/queue-model.js'
import type { QueueChanges } from '../reference-harness.js'

/** A queue with one fault, and where the suite has to find it. */
export interface QueueVariant {
  readonly changes: QueueChanges
  /** The suite that must fail. */
  readonly suite: string
  /** Part of the name of a test in it that must fail. */
  readonly test: string
}

type Base = typeof QueueModel<unknown>

/** Changes that put in a model of the class `fault` makes. */
function model(fault: (base: Base) => Base): QueueChanges {
  const Faulty = fault(QueueModel)
  return { makeModel: (settings) => new Faulty(settings) }
}

/** Changes that replace some methods of every queue. */
function queue(overrides: (real: MessageQueue<unknown>) => Partial<MessageQueue<unknown>>): QueueChanges {
  return { queue: (real) => replaced(real, overrides(real)) }
}

/** Changes that replace some methods of every delivery. */
function delivery(overrides: (real: Delivery<unknown>) => Partial<Delivery<unknown>>): QueueChanges {
  return queue((real) => ({
    async receive(options) {
      const received = await real.receive(options)
      return received === undefined ? undefined : replaced(received, overrides(received))
    },
  }))
}

function replaced<T extends object>(real: T, members: Partial<T>): T {
  return new Proxy(real, {
    get(target, key) {
      if (key in members) return members[key as keyof T]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

export const QUEUE_VARIANTS: Readonly<Record<string, QueueVariant>> = {
  'ignores priorities': {
    changes: model(
      (Model) =>
        class extends Model {
          override ready(now: number): ModelEntry[] {
            return super.ready(now).sort((a, b) => a.place - b.place)
          }
        },
    ),
    suite: 'order',
    test: 'the oldest of the highest priority comes first',
  },
  'puts what comes back at the end': {
    changes: model(
      (Model) =>
        class extends Model {
          override nack(...[owner, place, epoch, delayMs, now]: Parameters<QueueModel['nack']>): boolean {
            const entry = this.held(owner, place, epoch)
            const isDone = super.nack(owner, place, epoch, delayMs, now)
            if (entry !== undefined) entry.place += 1000
            return isDone
          }
        },
    ),
    suite: 'order',
    test: 'a message that comes back keeps its place',
  },
  'forgets ordering keys': {
    changes: model(
      (Model) =>
        class extends Model {
          override send({ orderingKey: _, ...message }: ModelMessage, now: number) {
            return super.send(message, now)
          }
        },
    ),
    suite: 'order',
    test: 'messages of one key are handled one at a time',
  },
  'gives the message to whoever asks, leased or not': {
    changes: model(
      (Model) =>
        class extends Model {
          override stateOf(entry: ModelEntry, now: number): ReturnType<QueueModel['stateOf']> {
            const state = super.stateOf(entry, now)
            return state === 'leased' ? 'ready' : state
          }
        },
    ),
    suite: 'leases',
    test: 'a leased message is delivered to nobody else',
  },
  'takes a late ack for a good one': {
    changes: model(
      (Model) =>
        class extends Model {
          override advance(now: number): ModelEntry[] {
            super.advance(now)
            // Or the delivery would refuse by itself.
            return []
          }
          override held(_owner: number, place: number): ModelEntry | undefined {
            return this.living.find((entry) => entry.place === place && entry.lease !== undefined)
          }
        },
    ),
    suite: 'leases',
    test: 'a late ack is refused when the same receiver has the message again',
  },
  'tells nobody that a lease was lost': {
    changes: model(
      (Model) =>
        class extends Model {
          override advance(now: number): ModelEntry[] {
            super.advance(now)
            return []
          }
        },
    ),
    suite: 'leases',
    test: 'the signal of a delivery aborts when its lease is over',
  },
  'never ends a lease': {
    changes: model(
      (Model) =>
        class extends Model {
          override claim(owner: number, _leaseMs: number, now: number): ModelEntry | undefined {
            return super.claim(owner, 1e9, now)
          }
        },
    ),
    suite: 'leases',
    test: 'until the lease is over',
  },
  'does nothing for extend': {
    changes: delivery(() => ({ extend: async () => {} })),
    suite: 'leases',
    test: 'extend keeps the lease',
  },
  'tries for ever': {
    changes: { makeModel: (settings) => new QueueModel({ ...settings, maxAttempts: 1e9 }) },
    suite: 'dead letters',
    test: 'after its last attempt a message is a dead letter',
  },
  'throws dead letters away': {
    changes: { makeModel: (settings) => new QueueModel({ ...settings, maxDeadLetters: 0 }) },
    suite: 'dead letters',
    test: 'deadLetter gives up with a reason',
  },
  'is never full': {
    changes: { makeModel: (settings) => new QueueModel({ ...settings, maxMessages: 1e9, maxBytes: 1e12 }) },
    suite: 'fullness',
    test: 'a full queue makes the sender wait',
  },
  'queues what has timed out': {
    changes: queue((real) => ({
      async send(body, options = {}) {
        try {
          return await real.send(body, options)
        } catch (error) {
          void real.send(body).catch(() => {})
          throw error
        }
      },
    })),
    suite: 'fullness',
    test: 'a send that times out has queued nothing',
  },
  'takes half of a batch before it refuses': {
    changes: model(
      (Model) =>
        class extends Model {
          override hasRoomFor(messages: readonly ModelMessage[]): boolean {
            return super.hasRoomFor(messages.slice(0, 1))
          }
        },
    ),
    suite: 'fullness',
    test: 'a queue that refuses throws IPC_QUEUE_FULL',
  },
  'drops the newest instead of the oldest': {
    changes: model(
      (Model) =>
        class extends Model {
          override send(message: ModelMessage, now: number) {
            if (this.settings.whenFull === 'drop-oldest' && !this.hasRoomFor([message])) {
              this.dropped++
              return { id: 0, duplicate: false }
            }
            return super.send(message, now)
          }
        },
    ),
    suite: 'fullness',
    test: 'a queue that drops keeps the latest',
  },
  'takes no message with a timeout of 0': {
    changes: queue((real) => ({
      receive: async (options) => (options?.timeoutMs === 0 ? undefined : real.receive(options)),
    })),
    suite: 'waits',
    test: 'a timeout of 0 takes what is there',
  },
  'gives an aborted receive the next message': {
    changes: queue((real) => ({
      async receive(options) {
        if (options?.signal === undefined) return real.receive(options)
        const { signal, ...others } = options
        const aborted = new Promise<never>((_, reject) => {
          if (signal.aborted) reject(signal.reason)
          signal.addEventListener('abort', () => reject(signal.reason))
        })
        return Promise.race([real.receive(others), aborted])
      },
    })),
    suite: 'waits',
    test: 'an aborted receive takes no message',
  },
  'delivers delayed messages at once': {
    changes: model(
      (Model) =>
        class extends Model {
          override send({ delayMs: _, ...message }: ModelMessage, now: number) {
            return super.send(message, now)
          }
        },
    ),
    suite: 'times',
    test: 'a delayed message comes when it is due',
  },
  'lets messages live for ever': {
    changes: model(
      (Model) =>
        class extends Model {
          override send({ ttlMs: _, ...message }: ModelMessage, now: number) {
            return super.send(message, now)
          }
        },
    ),
    suite: 'times',
    test: 'a message whose time is over is not delivered',
  },
  'forgets deduplication ids with their messages': {
    changes: model(
      (Model) =>
        class extends Model {
          override ack(...args: Parameters<QueueModel['ack']>): boolean {
            this.known = []
            return super.ack(...args)
          }
        },
    ),
    suite: 'times',
    test: 'a second message with the same deduplication id is not queued',
  },
  'remembers deduplication ids for ever': {
    changes: { makeModel: (settings) => new QueueModel({ ...settings, deduplicationWindowMs: 1e12 }) },
    suite: 'times',
    test: 'the window of deduplication ends',
  },
  'tries again without a pause': {
    changes: { makeModel: (settings) => new QueueModel({ ...settings, backoffFirstMs: 0 }) },
    suite: 'consuming',
    test: 'a message whose handler threw waits for its backoff',
  },
  'takes a message from a handler that is at work': {
    changes: queue((real) => ({
      process: (handler, options) => real.process(handler, { ...options, maxRunMs: 20 }),
    })),
    suite: 'consuming',
    test: 'keeps a message for as long as its handler runs',
  },
  'lets handlers run for ever': {
    changes: queue((real) => ({
      process: (handler, { maxRunMs, ...options } = {}) =>
        real.process(handler, maxRunMs === 40 ? options : { maxRunMs, ...options }),
    })),
    suite: 'consuming',
    test: 'a handler that takes longer than maxRunMs',
  },
  'acknowledges what peek shows': {
    changes: queue((real) => ({
      async peek(count = 1) {
        const seen = await real.peek(count)
        for (const _ of seen) await (await real.receive({ timeoutMs: 0 }))?.ack()
        return seen
      },
    })),
    suite: 'looking',
    test: 'peek shows the next messages and takes none',
  },
  'purges what is leased as well': {
    changes: model(
      (Model) =>
        class extends Model {
          override purge(): number {
            const purged = super.purge()
            this.living = []
            return purged
          }
        },
    ),
    suite: 'looking',
    test: 'purge removes what waits and leaves what is leased',
  },
  'does transactions by halves': {
    changes: queue((real) => ({
      transaction: (build) =>
        real.transaction((tx) => {
          build({
            ack: (one) => tx.ack(one),
            deadLetter: (one, reason) => tx.deadLetter(one, reason),
            // On its own, whatever becomes of the rest.
            send: (other, body, options) =>
              void other.send(body, { ...options, timeoutMs: 0 }).catch(() => {}),
          })
        }),
    })),
    suite: 'looking',
    test: 'do nothing when a lease is over',
  },
  'keeps what a closed receiver had': {
    changes: model(
      (Model) =>
        class extends Model {
          override releaseOwner(): void {}
        },
    ),
    suite: 'ending',
    test: 'what is leased goes back',
  },
  'never settles a receive when it closes': {
    changes: queue((real) => ({
      receive: (options) =>
        real.receive(options).catch((error: { readonly code?: string }) => {
          if (error.code === 'IPC_CLOSED') return new Promise<never>(() => {})
          throw error
        }),
    })),
    suite: 'ending',
    test: 'settles everything that is pending',
  },
}
