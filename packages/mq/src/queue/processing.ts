import {
  type AbortOptions,
  type ConsumeOptions,
  type Consumer,
  IpcError,
  isIpcError,
  type PeekedMessage,
  type ProcessOptions,
  type Unsubscribe,
} from '@ipc/core'
import { checkDurationMs, checkSize } from '@ipc/core/internal'
import type { Begun, HandledDelivery, MessageStream } from './message-stream.js'
import { MAX_BATCH } from './queue-settings.js'

type ErrorListener = (error: unknown, delivery: PeekedMessage<unknown> | undefined) => void

/** What {@link startProcessing} needs of a queue. */
export interface ProcessedQueue<T, Message> {
  /** What is to be handled, leased for as long as this process lives. Called at once. */
  stream(options: ConsumeOptions, onChange: () => void): MessageStream<Message>
  /**
   * The delivery that a message makes, to be handled within `maxRunMs`; `undefined` when it cannot be decoded, which
   * `onError` is told.
   */
  begin(message: Message, onError: (error: unknown) => void, maxRunMs: number | undefined): Begun<T>
}

/** What `process` of a queue does, wherever its messages are. @throws TypeError, RangeError for what cannot be meant. */
export function startProcessing<T, Message>(
  queue: ProcessedQueue<T, Message>,
  handler: (delivery: HandledDelivery<T>) => Promise<void> | void,
  { concurrency = 1, maxRunMs, ...options }: ProcessOptions,
): Consumer {
  if (typeof handler !== 'function') throw new TypeError(`process takes a function, got ${typeof handler}`)
  if (maxRunMs !== undefined && checkDurationMs('maxRunMs', maxRunMs) === 0) {
    throw new RangeError('maxRunMs must be above 0, got 0')
  }
  checkSize('concurrency', concurrency, 1, MAX_BATCH)
  return new Processing<T, Message>({
    handler,
    concurrency,
    isLimited: maxRunMs !== undefined,
    // Whether it lives is known without a time: a handler that keeps its event loop busy loses nothing.
    stream: (onChange) => queue.stream({ ...options, leaseMs: Number.POSITIVE_INFINITY }, onChange),
    begin: (message, onError) => queue.begin(message, onError, maxRunMs),
  })
}

interface ProcessingInit<T, Message> {
  readonly concurrency: number
  /** Whether a handler may lose its message while it is at work. */
  readonly isLimited: boolean
  readonly handler: (delivery: HandledDelivery<T>) => Promise<void> | void
  stream(onChange: () => void): MessageStream<Message>
  begin(message: Message, onError: (error: unknown) => void): Begun<T>
}

/** Handlers at work on a queue. */
class Processing<T, Message> implements Consumer {
  readonly stopped: Promise<void>
  readonly #init: ProcessingInit<T, Message>
  readonly #stream: MessageStream<Message>
  #listeners: readonly ErrorListener[] = []
  #running = 0
  #isScheduled = false
  #isOver = false
  #resolveStopped!: () => void

  constructor(init: ProcessingInit<T, Message>) {
    this.stopped = new Promise((resolve) => {
      this.#resolveStopped = resolve
    })
    this.#init = init
    this.#stream = init.stream(() => this.#schedule())
    // It may have ended before it began.
    this.#schedule()
  }

  async stop({ signal }: AbortOptions = {}): Promise<void> {
    this.#stream.end(new IpcError('IPC_CLOSED', 'the consumer was stopped'))
    if (signal?.aborted) return
    let onAbort = (): void => {}
    const aborted = new Promise<void>((resolve) => {
      onAbort = resolve
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    await Promise.race([this.stopped, aborted])
    signal?.removeEventListener('abort', onAbort)
  }

  onError(listener: ErrorListener): Unsubscribe {
    const entry: ErrorListener = (...failure) => listener(...failure)
    this.#listeners = [...this.#listeners, entry]
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== entry)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  /** Handlers never run within a call of the application. */
  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.#work()
    })
  }

  #work(): void {
    while (this.#running < this.#init.concurrency) {
      const message = this.#stream.take()
      if (message === undefined) break
      this.#handle(message)
    }
    const { ended } = this.#stream
    if (ended === undefined || this.#running > 0 || this.#isOver) return
    this.#isOver = true
    if (ended.code !== 'IPC_CLOSED' && ended.code !== 'IPC_ABORTED') this.#tell(ended, undefined)
    this.#resolveStopped()
  }

  #handle(message: Message): void {
    const begun = this.#init.begin(message, (error) => this.#tell(error, undefined))
    if (!(begun instanceof Promise)) {
      if (begun !== undefined) this.#run(begun)
      return
    }
    this.#running++
    void begun.then((delivery) => {
      this.#running--
      if (delivery !== undefined) this.#run(delivery)
      this.#schedule()
    })
  }

  #run(delivery: HandledDelivery<T>): void {
    let result: Promise<void> | void
    try {
      result = this.#init.handler(delivery)
    } catch (error) {
      this.#failed(error, delivery)
      return
    }
    if (typeof (result as Promise<void> | undefined)?.then !== 'function') {
      this.#succeeded(delivery)
      return
    }
    this.#running++
    const done = (): void => {
      this.#running--
      this.#schedule()
    }
    Promise.resolve(result).then(
      () => {
        this.#succeeded(delivery)
        done()
      },
      (error: unknown) => {
        this.#failed(error, delivery)
        done()
      },
    )
  }

  #succeeded(delivery: HandledDelivery<T>): void {
    if (delivery.isLost) this.#tellLate(delivery)
    else if (delivery.isOver) return
    // Its program may have stood still, and not have heard of it.
    else if (this.#init.isLimited) {
      delivery.ack().catch((error) => {
        if (isIpcError(error, 'IPC_LEASE_LOST')) this.#tellLate(delivery)
      })
    } else delivery.settleQuietly('ack')
  }

  #tellLate(delivery: HandledDelivery<T>): void {
    const what =
      'the lease was over before the handler was done: somebody else may have handled the message too'
    this.#tell(new IpcError('IPC_LEASE_LOST', what), delivery)
  }

  #failed(error: unknown, delivery: HandledDelivery<T>): void {
    if (!delivery.isOver) delivery.settleQuietly('retry')
    this.#tell(error, delivery)
  }

  #tell(error: unknown, delivery: PeekedMessage<unknown> | undefined): void {
    for (const listener of this.#listeners) {
      try {
        listener(error, delivery)
      } catch (thrown) {
        // As in any callback: uncaught, and not ours to stumble over.
        queueMicrotask(() => {
          throw thrown
        })
      }
    }
  }
}
