import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { RecordedEvent } from './recorder.js'
import type { Stream } from './recording.js'
import { resetSocket } from './reset-socket.js'

/** Options of {@link replay}. */
export interface ReplayOptions extends Stream {
  /** 2 is twice as fast as it was recorded. Default `Infinity`: a turn of the event loop between two writes. */
  readonly speed?: number
}

/**
 * Do to a socket what was done to the recorded one: the same writes, with the same ends.
 *
 * @returns resolves when everything is written, or the socket is gone; leaves the socket open unless the recording ends it.
 */
export async function replay(
  events: readonly RecordedEvent[],
  socket: Socket,
  { connection, direction, speed = Number.POSITIVE_INFINITY }: ReplayOptions,
): Promise<void> {
  if (!(speed > 0)) throw new RangeError(`speed must be more than 0, got ${speed}`)
  const stream = events.filter((event) => event.connection === connection && event.direction === direction)
  const beganMs = performance.now() - (stream[0]?.atMs ?? 0) / speed
  const gone = (): void => {}
  socket.on('error', gone)
  for (const event of stream) {
    await delay(Math.max(0, event.atMs / speed - (performance.now() - beganMs)))
    if (socket.destroyed) break
    await play(event, socket)
  }
  socket.off('error', gone)
}

function play({ kind, bytes }: RecordedEvent, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (kind === 'bytes') socket.write(bytes, () => resolve())
    else if (kind === 'end') socket.end(() => resolve())
    else {
      socket.once('close', () => resolve())
      resetSocket(socket)
    }
  })
}
