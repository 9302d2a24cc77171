import { IpcError } from '@ipc/core'
import type { SentOut } from './commands.js'
import type { DeliveryStream } from './delivery-stream.js'
import type { LeasedDelivery } from './leased-delivery.js'

/**
 * The iterator of `consume`.
 *
 * @param open - Begins the stream.
 * @param begin - The delivery that a message makes; `undefined` when it cannot be decoded.
 */
export function deliveryIterator<T>(
  open: (onChange: () => void) => DeliveryStream,
  begin: (message: SentOut) => LeasedDelivery<T> | undefined | Promise<LeasedDelivery<T> | undefined>,
): AsyncIterator<LeasedDelivery<T>, undefined> {
  let wake = (): void => {}
  let changed: Promise<void> | undefined
  let stream: DeliveryStream | undefined
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
  const take = (
    from: DeliveryStream,
  ): LeasedDelivery<T> | undefined | Promise<LeasedDelivery<T> | undefined> => {
    for (let message = from.take(); message !== undefined; message = from.take()) {
      const delivery = begin(message)
      if (delivery !== undefined) return delivery
    }
    return undefined
  }
  const wait = async (from: DeliveryStream): Promise<IteratorResult<LeasedDelivery<T>, undefined>> => {
    for (;;) {
      const delivery = await take(from)
      if (delivery !== undefined) return { done: false, value: delivery }
      if (from.hasMore) continue
      if (from.ended === undefined) await change()
      else if (from.ended.code === 'IPC_CLOSED') return done
      else {
        const { code, message: what, cause, details } = from.ended
        throw new IpcError(code, what, { cause, details })
      }
    }
  }
  return {
    next() {
      // Not before somebody wants the first one.
      stream ??= open(onChange)
      const delivery = take(stream)
      if (delivery === undefined) return wait(stream)
      if (!(delivery instanceof Promise)) return Promise.resolve({ done: false, value: delivery })
      return delivery.then((taken) =>
        taken === undefined ? wait(stream as DeliveryStream) : { done: false, value: taken },
      )
    },
    async return() {
      stream ??= open(onChange)
      stream.end(new IpcError('IPC_CLOSED', 'the loop was left'))
      return done
    },
  }
}
