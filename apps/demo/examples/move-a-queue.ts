import type { MessageQueue } from '@ipc/core'
import { createBroker } from '@ipc/mq'
import { natsQueue } from '@ipc/mq-nats'
import { openQueue } from '@ipc/mq-sqlite'
import { connect } from '@nats-io/transport-node'

/**
 * One program, three places for its queue: this process, a directory, a NATS server. Only the line that opens the queue is
 * another one.
 *
 *     move-a-queue.ts memory
 *     move-a-queue.ts sqlite DIRECTORY
 *     move-a-queue.ts nats SERVER
 */
interface Invoice {
  readonly customer: string
  readonly cents: number
}

const [, , place, address = ''] = process.argv
const options = { create: { maxAttempts: 3, backoff: { firstMs: 10 } } }

async function open(): Promise<MessageQueue<Invoice>> {
  switch (place) {
    case 'sqlite':
      return openQueue<Invoice>(address, 'invoices', options)
    case 'nats':
      return natsQueue<Invoice>(await connect({ servers: address }), 'invoices', options)
    default:
      return createBroker().queue<Invoice>('invoices', options)
  }
}

const queue = await open()

const first = await queue.send({ customer: 'Ada', cents: 990 }, { deduplicationId: 'invoice 1' })
const again = await queue.send({ customer: 'Ada', cents: 990 }, { deduplicationId: 'invoice 1' })
await queue.sendBatch([
  { body: { customer: 'Grace', cents: 1250 }, options: { headers: { currency: 'EUR' } } },
  { body: { customer: 'nobody', cents: 1 } },
  { body: { customer: 'Edsger', cents: 4200 } },
])

let total = 0
const paid: string[] = []
const consumer = queue.process(async (delivery) => {
  const { customer, cents } = delivery.body
  if (customer === 'nobody') return delivery.deadLetter('no such customer')
  if (customer === 'Edsger' && delivery.attempt === 1) throw new Error('the bank does not answer')
  paid.push(`${customer} at attempt ${delivery.attempt}`)
  total += cents
})
await isEmpty()
await consumer.stop()
const [dead] = await queue.deadLetters()

process.stdout.write(`sent twice, queued once: ${again.duplicate && again.id === first.id}\n`)
process.stdout.write(`paid: ${paid.join(', ')}; ${total} cents\n`)
process.stdout.write(`given up: ${dead?.body.customer}, ${dead?.reason}\n`)

await queue.close()
// The connection to a server would go on.
process.exit()

/** Resolves when nothing waits any more, and nobody has anything. */
async function isEmpty(): Promise<void> {
  for (;;) {
    const { ready, delayed, leased } = await queue.stats()
    if (ready + delayed + leased === 0) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
