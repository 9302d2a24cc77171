import { type Connection, type Listener, serve } from '@ipc/core'
import type { ReceiverState } from '../protocol.js'
import { listenOn } from './link-ends.js'
import { clock, type Job, type News, type Order } from './orders.js'
import { Pacer } from './pacer.js'
import { sequenceOf } from './ring-record.js'

/** What a receiver says of itself, and where it listens. */
export interface ReceiverReport extends ReceiverState {
  readonly address: string
}

/** P2 of message passing: takes messages by `tryReceive`, so that those it does not take stay unread. */
export async function receiveMessages(job: Job, supervisor: Connection): Promise<void> {
  const listener = await listenOn(job)
  const receiver = new MessageReceiver((news) => supervisor.send(news))
  void receiver.accept(listener)
  const pacer = new Pacer((budget) => receiver.take(budget), job.pace)
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'pace') pacer.set(order.pace)
    if (order.type === 'step') receiver.take(1)
    return { ...receiver.state, pace: pacer.pace, address: listener.address } satisfies ReceiverReport
  })
}

class MessageReceiver {
  readonly #tell: (news: News) => void
  #link: Connection<Uint8Array> | undefined
  #taken = 0
  #expected = 0
  #missing = 0

  constructor(tell: (news: News) => void) {
    this.#tell = tell
  }

  get state(): Omit<ReceiverState, 'pace'> {
    const stats = this.#link?.stats()
    return {
      connected: stats?.status === 'open',
      arrived: stats?.messagesReceived ?? 0,
      unread: stats?.unreadMessages ?? 0,
      unreadBytes: stats?.unreadBytes ?? 0,
      taken: this.#taken,
      missing: this.#missing,
    }
  }

  /** One link at a time: the next one comes when the sender has been started again. */
  async accept(listener: Listener<Uint8Array>): Promise<void> {
    for await (const link of listener) {
      this.#link = link
      this.#taken = 0
      this.#expected = 0
      void link.closed.then(({ error }) => {
        this.#tell({ type: 'lost', pid: link.peer.pid, as: error?.code ?? 'closed', at: clock() })
      })
    }
  }

  take(budget: number): number {
    for (let done = 0; done < budget; done++) {
      const message = this.#link?.tryReceive()
      if (message === undefined) return done
      const sequence = sequenceOf(message, 0)
      this.#missing += sequence - this.#expected
      this.#expected = sequence + 1
      this.#taken++
    }
    return budget
  }
}
