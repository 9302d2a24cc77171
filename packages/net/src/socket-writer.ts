import type { Socket } from 'node:net'

/**
 * Writes into one socket, one write at a time: what comes meanwhile is the next one. The kernel mostly takes a write at
 * once; then it is done before its callback comes.
 */
export class SocketWriter {
  readonly #socket: Socket
  #onDone: (() => void) | undefined
  #busy = false
  /** Writes that were done when `write` returned, and whose callbacks are still to come. */
  #early = 0

  /** @param onDone - Called when a write is done that was not done when `write` returned. */
  constructor(socket: Socket, onDone: () => void) {
    this.#socket = socket
    this.#onDone = onDone
  }

  get isBusy(): boolean {
    return this.#busy
  }

  write(pieces: readonly Buffer[]): void {
    const socket = this.#socket
    const last = pieces.length - 1
    this.#busy = true
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i] as Buffer)
    socket.write(pieces[last] as Buffer, this.#onWritten)
    if (last > 0) socket.uncork()
    // The memory is free now, not when the callback comes.
    if (socket.writableLength === 0 && !socket.destroyed) {
      this.#early++
      this.#busy = false
    }
  }

  /** Report nothing more. */
  stop(): void {
    this.#onDone = undefined
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (this.#early > 0) {
      this.#early--
      return
    }
    // What failed stays as not sent; the socket's 'error' ends this.
    if (error instanceof Error) return
    this.#busy = false
    this.#onDone?.()
  }
}
