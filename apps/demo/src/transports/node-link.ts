import { IpcError } from '@ipc/core'
import type { Link } from '../link.js'

/** Says that no more messages follow. Messages are objects, so it cannot be mistaken for one. */
const END = 'end'

/**
 * The part that both of Node's own channels need to be a {@link Link}: an end that both sides know of, and a peer
 * that can be lost. How much may be under way is up to the channel.
 */
export abstract class NodeLink implements Link {
  readonly closed: Promise<{ readonly error: IpcError | undefined }>
  #resolveClosed!: (end: { readonly error: IpcError | undefined }) => void
  #listener: (message: unknown) => void = () => {}
  #resume: { resolve(): void; reject(error: IpcError): void } | undefined
  #congested = false
  #ending = false
  #error: IpcError | undefined

  constructor() {
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve
    })
  }

  /** Hand a message to the channel; `false` when it has enough for now, until {@link NodeLink.flowing}. */
  protected abstract post(message: unknown): boolean

  send(message: unknown): boolean {
    if (this.#error !== undefined) throw this.#error
    this.#congested = !this.post(message)
    return !this.#congested
  }

  drained(): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error)
    if (!this.#congested) return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.#resume = { resolve, reject }
    })
  }

  onMessage(listener: (message: unknown) => void): () => void {
    this.#listener = listener
    return () => {
      this.#listener = () => {}
    }
  }

  async close(): Promise<void> {
    this.#end()
    const { error } = await this.closed
    if (error !== undefined) throw error
  }

  abort(): void {
    this.lost(new IpcError('IPC_ABORTED', 'link aborted'))
  }

  /** The channel takes messages again. */
  protected flowing(): void {
    this.#congested = false
    this.#resume?.resolve()
    this.#resume = undefined
  }

  /** A message came in. */
  protected take(message: unknown): void {
    if (message !== END) {
      this.#listener(message)
      return
    }
    this.#end()
    this.#resolveClosed({ error: undefined })
  }

  /** The other side is gone. */
  protected lost(error: IpcError): void {
    this.#error = error
    this.#resume?.reject(error)
    this.#resolveClosed({ error })
  }

  #end(): void {
    if (this.#ending || this.#error !== undefined) return
    this.#ending = true
    this.post(END)
  }
}
