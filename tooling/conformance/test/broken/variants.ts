import { type Connection, IpcError, isIpcError } from '@ipc/core'
import type { LinkEvents } from '@ipc/core/internal'
import { MemoryLink, type Parcel } from '../../src/memory-link.js'
import { POISON } from '../../src/remote-options.js'
import type { MemoryChanges } from '../memory-harness.js'

/** A memory transport with one fault, and where the suite has to find it. */
export interface Variant {
  readonly changes: MemoryChanges
  /** The suite that must fail. */
  readonly suite: string
  /** Part of the name of a test in it that must fail. */
  readonly test: string
}

type Base = typeof MemoryLink<unknown>

/** Changes that put in a link of the class `fault` makes. */
function link(fault: (base: Base) => Base): MemoryChanges {
  const Faulty = fault(MemoryLink)
  return { makeLink: (events, limits, codec) => new Faulty(events, limits, codec) }
}

/** Changes that replace some methods of every connection. */
function connection(overrides: (real: Connection) => Partial<Connection>): MemoryChanges {
  return {
    connection(real) {
      const replaced = overrides(real)
      return new Proxy(real, {
        get(target, key) {
          if (key in replaced) return replaced[key as keyof Connection]
          const value: unknown = Reflect.get(target, key, target)
          return typeof value === 'function' ? value.bind(target) : value
        },
      })
    },
  }
}

/** A link whose receiving end does with every parcel what `receive` says; `n` counts from 1. */
function receiving(
  receive: (parcel: Parcel, n: number, deliver: (parcel: Parcel) => void) => void,
): MemoryChanges {
  return link(
    (Base) =>
      class extends Base {
        #n = 0
        protected override deliver(parcel: Parcel): void {
          this.#n++
          receive(parcel, this.#n, (other) => super.deliver(other))
        }
      },
  )
}

function reordering(): MemoryChanges {
  return link(
    (Base) =>
      class extends Base {
        #n = 0
        #held: Parcel | undefined
        protected override deliver(parcel: Parcel): void {
          this.#n++
          if (this.#n % 50 === 0) {
            this.#held = parcel
            return
          }
          super.deliver(parcel)
          if (this.#held !== undefined) super.deliver(this.#held)
          this.#held = undefined
        }
      },
  )
}

function mutated({ content, bytes }: Parcel): Parcel {
  if (content instanceof Uint8Array && bytes > 2000) content[bytes >> 1] = (content[bytes >> 1] ?? 0) ^ 1
  return { content, bytes }
}

const never = new Promise<never>(() => {})

export const VARIANTS: Readonly<Record<string, Variant>> = {
  'reorders now and then': {
    changes: reordering(),
    suite: 'ordering',
    test: 'keep their order both ways at once',
  },
  'loses every 100th message': {
    changes: receiving((parcel, n, deliver) => {
      if (n % 100 !== 0) deliver(parcel)
    }),
    suite: 'delivery',
    test: 'many small messages arrive, each once',
  },
  'delivers every 100th message twice': {
    changes: receiving((parcel, n, deliver) => {
      deliver(parcel)
      if (n % 100 === 0) deliver(parcel)
    }),
    suite: 'delivery',
    test: 'many small messages arrive, each once',
  },
  'flips a bit of big messages': {
    changes: receiving((parcel, _n, deliver) => deliver(mutated(parcel))),
    suite: 'delivery',
    test: 'one big message arrives whole',
  },
  'shares the memory of a message with the sender': {
    changes: link(
      (Base) =>
        class extends Base {
          protected override copy(message: unknown): unknown {
            return message
          }
        },
    ),
    suite: 'delivery',
    test: 'a sent message may be changed once send has returned',
  },
  'delivers once more after the end': {
    changes: connection((real) => ({
      onMessage(listener) {
        let last: unknown
        void real.closed.then(() => setTimeout(() => listener(last), 5))
        return real.onMessage((message) => {
          last = message
          listener(message)
        })
      },
    })),
    suite: 'lifecycle',
    test: 'nothing is delivered after',
  },
  'never settles a receive that was pending at the end': {
    changes: connection((real) => ({
      receive: (options) =>
        real.receive(options).catch((error: unknown) => {
          if (isIpcError(error, 'IPC_CLOSED')) return never
          throw error
        }),
    })),
    suite: 'lifecycle',
    test: 'settles pending receives with IPC_CLOSED',
  },
  'drops what is not handed over when it closes': {
    changes: link(
      (Base) =>
        class extends Base {
          override end(): void {
            this.outgoing.clear()
            super.end()
          }
        },
    ),
    suite: 'lifecycle',
    test: 'everything sent before close arrives',
  },
  'forgets to tell the peer of the end': {
    changes: link(
      (Base) =>
        class extends Base {
          protected override hearEnd(): void {}
        },
    ),
    suite: 'lifecycle',
    test: 'a close by the peer ends this side',
  },
  'lets nothing in once it closes': {
    changes: link(
      (Base) =>
        class extends Base {
          #closing = false
          override end(): void {
            this.#closing = true
            super.end()
          }
          protected override deliver(parcel: Parcel): void {
            if (!this.#closing) super.deliver(parcel)
          }
        },
    ),
    suite: 'lifecycle',
    test: 'close while the peer streams takes in all that it had sent',
  },
  'closes at once, before the peer has everything': {
    changes: connection((real) => ({
      async close() {
        real.abort()
      },
    })),
    suite: 'lifecycle',
    test: 'close ends both sides and closed tells each who did it',
  },
  'loses a message to a receive that was aborted': {
    changes: connection((real) => ({
      receive(options) {
        if (options?.signal?.aborted) real.tryReceive()
        return real.receive(options)
      },
    })),
    suite: 'sequences',
    test: 'any sequence of calls keeps order and loses nothing',
  },
  'ignores maxMessageBytes': {
    changes: { options: ({ maxMessageBytes: _, ...options }) => options },
    suite: 'limits',
    test: 'a message above maxMessageBytes throws',
  },
  'reads on when nobody takes the messages': {
    changes: link(
      (Base) =>
        class extends Base {
          override pause(): void {}
        },
    ),
    suite: 'backpressure',
    test: 'unread messages at a receiver that does not read are bounded',
  },
  'buffers much more than it was allowed to': {
    changes: { options: (options) => ({ ...options, maxBufferedBytes: 200 * 2 ** 20 }) },
    suite: 'backpressure',
    test: 'ignoring false ends in IPC_QUEUE_FULL',
  },
  'never says that it flows again': {
    changes: link(
      (Base) =>
        class extends Base {
          constructor(...[events, limits, codec]: ConstructorParameters<Base>) {
            super({ ...events, flowing: () => {} } satisfies LinkEvents, limits, codec)
          }
        },
    ),
    suite: 'backpressure',
    test: 'drained resolves once the peer reads again',
  },
  'ignores the signal of receive': {
    changes: connection((real) => ({
      receive: (options) => real.receive({ timeoutMs: options?.timeoutMs }),
    })),
    suite: 'abort',
    test: 'a receive aborted by its signal rejects',
  },
  'does not tell the peer of an abort': {
    changes: link(
      (Base) =>
        class extends Base {
          protected override tellAbort(): void {}
        },
    ),
    suite: 'abort',
    test: 'the peer learns of an abort',
  },
  'dies of a message it cannot decode': {
    changes: link(
      (Base) =>
        class extends Base {
          protected override deliver(parcel: Parcel): void {
            const poisoned = parcel.content instanceof Uint8Array && parcel.content[0] === POISON
            if (poisoned) this.lose(new IpcError('IPC_PROTOCOL', 'a message could not be decoded'))
            else super.deliver(parcel)
          }
        },
    ),
    suite: 'errors',
    test: 'bytes the codec cannot decode are IPC_DECODE_FAILED on that message only',
  },
  'takes a long timeout for a short one': {
    changes: connection((real) => ({
      receive(options) {
        const timeoutMs = options?.timeoutMs
        // What setTimeout does with a delay that does not fit into 32 bits.
        return real.receive({
          ...options,
          timeoutMs: timeoutMs !== undefined && timeoutMs > 2 ** 31 ? 1 : timeoutMs,
        })
      },
    })),
    suite: 'waits',
    test: 'waits for the message',
  },
  'serves the last receive first': {
    changes: connection((real) => ({ receive: lastFirst(real) })),
    suite: 'waits',
    test: 'first come, first served',
  },
  'loses cancellations': {
    changes: receiving((parcel, _n, deliver) => {
      if ((parcel.content as { ipc?: string } | null)?.ipc !== 'cancel') deliver(parcel)
    }),
    suite: 'request and reply',
    test: "cancellation reaches the handler's signal",
  },
  'does not notice that the peer died': {
    changes: link(
      (Base) =>
        class extends Base {
          protected override lose(error: IpcError): void {
            if (error.code !== 'IPC_PEER_LOST') super.lose(error)
          }
        },
    ),
    suite: 'peer death',
    test: 'the death of an idle peer is noticed',
  },
  'drops unread messages when the peer dies': {
    changes: connection((real) => ({
      receive: (options) => dropOnDeath(real, () => real.receive(options)),
      tryReceive: () => (real.status === 'closed' ? undefined : real.tryReceive()),
    })),
    suite: 'peer death',
    test: 'messages received before the death can still be read',
  },
  'leaves a timer running': {
    changes: link(
      (Base) =>
        class extends Base {
          readonly heartbeat = setInterval(() => {}, 1000)
        },
    ),
    suite: 'leaks',
    test: 'leave no timer, port or socket behind',
  },
  'leaves a listener on every signal': {
    changes: connection((real) => ({
      receive(options) {
        options?.signal?.addEventListener('abort', () => {})
        return real.receive(options)
      },
    })),
    suite: 'leaks',
    test: 'waits leave no abort listener',
  },
  'claims to move buffers and copies them': {
    changes: connection((real) => ({ send: (message) => real.send(message) })),
    suite: 'capabilities',
    test: 'a transferred buffer is moved, not copied',
  },
  'keeps its address after close': {
    changes: {
      transport: (real) => ({
        name: real.name,
        capabilities: real.capabilities,
        connect: (address, options) => real.connect(address, options),
        async listen(address, options) {
          const listener = await real.listen(address, options)
          listener.close = async () => {}
          return listener
        },
      }),
    },
    suite: 'listener',
    test: 'close frees the address',
  },
}

/** Hands each message to the receive that was called last. */
function lastFirst(real: Connection): Connection['receive'] {
  const waiting: ((message: Promise<unknown>) => void)[] = []
  return (options) => {
    if (options !== undefined) return real.receive(options)
    return new Promise((resolve) => {
      waiting.push(resolve)
      const message = real.receive()
      message.finally(() => waiting.pop()?.(message)).catch(() => {})
    })
  }
}

async function dropOnDeath(real: Connection, receive: () => Promise<unknown>): Promise<unknown> {
  if (real.status !== 'closed') return receive()
  while (real.tryReceive() !== undefined);
  return receive()
}
