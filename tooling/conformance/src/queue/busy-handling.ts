import { existsSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { type Consumer, isIpcError, type MessageQueue } from '@ipc/core'

/** What a handler that keeps its event loop busy tells whoever started it. */
export type BusyWord =
  | { readonly busy: 'handling' }
  | { readonly busy: 'handled' }
  | { readonly busy: 'failed'; readonly code: string }

/**
 * Handle what comes with a handler that gives way to nothing until the file that the message names is there; tell the
 * parent of this worker or process.
 */
export function handleBusily(queue: MessageQueue<{ readonly until: string }>, maxRunMs?: number): Consumer {
  const tell = (word: BusyWord): void => {
    if (parentPort === null) process.send?.(word)
    else parentPort.postMessage(word)
  }
  const consumer = queue.process(
    ({ body }) => {
      tell({ busy: 'handling' })
      while (!existsSync(body.until));
      tell({ busy: 'handled' })
    },
    { maxRunMs, prefetch: 1 },
  )
  consumer.onError((error) => tell({ busy: 'failed', code: isIpcError(error) ? error.code : String(error) }))
  return consumer
}
