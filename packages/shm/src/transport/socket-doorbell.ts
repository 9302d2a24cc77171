import type { Socket } from 'node:net'
import { IpcError } from '@ipc/core'
import type { Doorbell, DoorbellEvents } from './doorbell.js'

const RING: Uint8Array = new Uint8Array([1])
const ABORT: Uint8Array = new Uint8Array([2])

/**
 * A doorbell between processes: a byte on a Unix socket. The end of the stream is the proof that the peer is gone;
 * the kernel gives it, however the process died.
 */
export function socketDoorbell(socket: Socket): Doorbell {
  return new SocketDoorbell(socket)
}

class SocketDoorbell implements Doorbell {
  readonly #socket: Socket
  #events: DoorbellEvents | undefined
  #aborted = false

  constructor(socket: Socket) {
    this.#socket = socket
  }

  start(events: DoorbellEvents): void {
    const socket = this.#socket
    this.#events = events
    socket.on('data', (bytes: Uint8Array) => {
      if (bytes.includes(ABORT[0] as number)) this.#aborted = true
      else this.#events?.rung()
    })
    socket.on('error', (cause) => this.#gone(cause))
    socket.on('close', () => this.#gone(undefined))
    socket.resume()
  }

  arm(): void {
    // A socket always wakes the loop.
  }

  ring(): void {
    if (this.#socket.writable) this.#socket.write(RING)
  }

  close(abort: boolean): void {
    this.#events = undefined
    const socket = this.#socket
    // Bytes in flight need no answer any more; destroying after the flush frees the handle whatever the peer does.
    if (abort && socket.writable) socket.write(ABORT)
    socket.end(() => socket.destroy())
    socket.unref()
  }

  ref(): void {
    this.#socket.ref()
  }

  unref(): void {
    this.#socket.unref()
  }

  #gone(cause: unknown): void {
    const events = this.#events
    this.#events = undefined
    events?.gone(
      this.#aborted
        ? new IpcError('IPC_ABORTED', 'connection was aborted by the peer')
        : new IpcError('IPC_PEER_LOST', 'the peer process is gone', { cause }),
    )
  }
}
