import { type Connection, request } from '@ipc/core'
import { mq, type PortTarget } from '@ipc/mq'
import type { News, Order } from '../../processes/orders.js'
import type { Part, StreamOrder } from './part.js'

/** A worker of the page. */
export interface LabWorker {
  /** Give an order; resolves to its answer. */
  ask<Report>(order: Order | StreamOrder): Promise<Report>
  /** End it, whatever it does. */
  terminate(): void
}

/** Start a worker and tell it what it plays. @param onNews - Hears what it says unasked. */
export async function startWorker(part: Part, onNews: (news: News) => void = () => {}): Promise<LabWorker> {
  const worker = new Worker(new URL('./lab-worker.ts', import.meta.url), { type: 'module' })
  const connection: Connection = await mq().connect(worker as unknown as PortTarget)
  connection.onMessage((news) => onNews(news as News))
  connection.send(part, 'port' in part ? { transfer: [part.port] } : {})
  return {
    ask: (order) => request(connection, order),
    terminate() {
      connection.abort()
      worker.terminate()
    },
  }
}
