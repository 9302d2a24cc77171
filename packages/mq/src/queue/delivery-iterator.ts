import { IpcError } from '@ipc/core'
import type { Begun, HandledDelivery, MessageStream } from './message-stream.js'

/**
 * The iterator of `consume`.
 *
 * @param open - Begins the stream.
 * @param begin - The delivery that a message makes; `undefined` when it cannot be decoded.
 */
export function deliveryIterator<T, Message>(
  open: (onChange: () => void) => MessageStream<Message>,
  begin: (message: Message) => Begun<T>,
): AsyncIterator<HandledDelivery<T>, undefined> {
  let wake = (): void => {}
  let changed: Promise<void> | undefined
  let stream: MessageStream<Message> | undefined
  const onChange = (): void => {
    changed = undefined
    wake()
  }
  const change = (): Promise<void> => {
    changed ??= new Promise((resolve) => {
      wake = resolve
    })
    return changed
  }
  const done = { done: true, value: undefined } as const
  return {
    async next() {
      // Not before somebody wants the first one.
      stream ??= open(onChange)
      for (;;) {
        const message = stream.take()
        if (message !== undefined) {
          const delivery = await begin(message)
          if (delivery !== undefined) return { done: false, value: delivery }
        } else if (stream.ended === undefined) await change()
        else if (stream.ended.code === 'IPC_CLOSED') return done
        else {
          const { code, message: what, cause, details } = stream.ended
          throw new IpcError(code, what, { cause, details })
        }
      }
    },
    async return() {
      stream ??= open(onChange)
      stream.end(new IpcError('IPC_CLOSED', 'the loop was left'))
      return done
    },
  }
}
