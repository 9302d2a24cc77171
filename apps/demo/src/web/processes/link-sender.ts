import { type Connection, serve } from '@ipc/core'
import { MESSAGE_BYTES } from '../limits.js'
import type { SenderState } from '../protocol.js'
import { connectTo } from './link-ends.js'
import { clock, type Job, type News, type Order } from './orders.js'
import { Pacer } from './pacer.js'
import { fillRecord } from './ring-record.js'

/** P1 of message passing: sends, and awaits `drained()` when `send` says so. It knows no lock. */
export function sendMessages(job: Job, supervisor: Connection): void {
  const sender = new MessageSender(job, (news) => supervisor.send(news))
  const pacer = new Pacer((budget) => sender.send(budget), job.pace)
  serve(supervisor, async (body) => {
    const order = body as Order
    if (order.type === 'pace') pacer.set(order.pace)
    if (order.type === 'step') sender.send(1)
    if (order.type === 'size') sender.messageBytes = order.bytes
    if (order.type === 'connect') await sender.connect(order.address)
    return { ...sender.state, pace: pacer.pace } satisfies SenderState
  })
}

class MessageSender {
  messageBytes: number = MESSAGE_BYTES.least
  readonly #job: Job
  readonly #tell: (news: News) => void
  #link: Connection<Uint8Array> | undefined
  #sequence = 0
  #waiting = false

  constructor(job: Job, tell: (news: News) => void) {
    this.#job = job
    this.#tell = tell
  }

  get state(): Omit<SenderState, 'pace'> {
    const stats = this.#link?.stats()
    return {
      connected: stats?.status === 'open',
      sent: stats?.messagesSent ?? 0,
      buffered: stats?.bufferedMessages ?? 0,
      bufferedBytes: stats?.bufferedBytes ?? 0,
      waiting: this.#waiting,
      congestions: stats?.congestions ?? 0,
    }
  }

  async connect(address: string): Promise<void> {
    const link = await connectTo(address, this.#job)
    this.#link = link
    this.#sequence = 0
    this.#waiting = false
    void link.closed.then(({ error, unsent, unknown }) => {
      const { pid } = link.peer
      const fate = `${unsent.messages} messages were not sent, ${unknown.messages} may have arrived or not`
      this.#tell({ type: 'lost', pid, as: `${error?.code ?? 'closed'}: ${fate}`, at: clock() })
    })
  }

  send(budget: number): number {
    const link = this.#link
    if (link?.status !== 'open' || this.#waiting) return 0
    for (let done = 1; done <= budget; done++) {
      const message = new Uint8Array(this.messageBytes)
      fillRecord(message, 0, message.length, this.#sequence++)
      if (link.send(message)) continue
      this.#waiting = true
      const flows = (): void => {
        if (link === this.#link) this.#waiting = false
      }
      link.drained().then(flows, flows)
      return done
    }
    return budget
  }
}
