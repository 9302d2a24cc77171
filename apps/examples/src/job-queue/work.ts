// work.ts: a handler that throws is called again, after a while; what it gives up can be looked at
import { openQueue } from '@ipc/mq-sqlite'

const mails = await openQueue<{ to: string }>('./queues', 'mails')
const sent: string[] = []
const failures: string[] = []

const consumer = mails.process(async (delivery) => {
  const { to } = delivery.body
  if (!to.includes('@')) return delivery.deadLetter('no address')
  if (to.startsWith('grace') && delivery.attempt === 1) throw new Error('the server does not answer')
  sent.push(`${to} at attempt ${delivery.attempt}`)
})
consumer.onError((error) => failures.push(String(error)))

while ((await mails.stats()).dead < 1 || sent.length < 2)
  await new Promise((resolve) => setTimeout(resolve, 10))
await consumer.stop()

console.log(sent) // [ 'ada@example.org at attempt 1', 'grace@example.org at attempt 2' ]
console.log(failures) // [ 'Error: the server does not answer' ]
const [dead] = await mails.deadLetters()
console.log(dead?.body, dead?.reason) // { to: 'nobody' } no address
await mails.close()
