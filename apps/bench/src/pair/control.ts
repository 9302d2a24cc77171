import { parentPort } from 'node:worker_threads'

/**
 * What both sides tell each other beside the link that is measured, in order. Where that link is Node's own channel, they
 * share it: messages of binary data are the link's, and arrays are those of a connection of `@ipc/mq`.
 */
export class Control {
  readonly #post: (message: unknown) => void
  readonly #heard: unknown[] = []
  #waiting: { resolve(message: unknown): void; reject(error: Error): void } | undefined
  #lost: Error | undefined
  #failure: Error | undefined
  #onData: (data: ArrayBufferView) => void = () => {}

  constructor(post: (message: unknown) => void) {
    this.#post = post
  }

  tell(message: unknown): void {
    this.#post(message)
  }

  /** The next message of the other side. Rejects when that has failed or is gone. */
  hear(): Promise<unknown> {
    if (this.#heard.length > 0) return Promise.resolve(this.#heard.shift())
    if (this.#lost !== undefined) return Promise.reject(this.#lost)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** Take what the link under measurement brings. */
  onData(listener: (data: ArrayBufferView) => void): void {
    this.#onData = listener
  }

  /** A message has come in. */
  take(message: unknown): void {
    if (ArrayBuffer.isView(message)) this.#onData(message)
    else if (Array.isArray(message)) return
    else if (isFailure(message)) {
      this.#failure = new Error(message.failure)
      this.lose(this.#failure)
    } else if (this.#waiting === undefined) this.#heard.push(message)
    else {
      this.#waiting.resolve(message)
      this.#waiting = undefined
    }
  }

  /** What the other side said when it gave up. */
  get failure(): Error | undefined {
    return this.#failure
  }

  /** The other side has failed or is gone. */
  lose(error: Error): void {
    this.#lost ??= error
    this.#waiting?.reject(this.#lost)
    this.#waiting = undefined
  }
}

/** How a side says why it gives up. */
export interface FailureMessage {
  readonly failure: string
}

/** The message for an error. */
export function failureMessage(error: unknown): FailureMessage {
  return { failure: error instanceof Error ? error.message : String(error) }
}

/** Whether it is a {@link FailureMessage}. */
export function isFailure(message: unknown): message is FailureMessage {
  return typeof message === 'object' && message !== null && 'failure' in message
}

/** The control of this process or worker thread with the one that started it. */
export function controlOfFar(): Control {
  const port = parentPort
  if (port !== null) {
    const control = new Control((message) => port.postMessage(message))
    port.on('message', (message) => control.take(message))
    return control
  }
  const control = new Control((message) => void process.send?.(message))
  process.on('message', (message) => control.take(message))
  return control
}
