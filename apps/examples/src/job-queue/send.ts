// send.ts: three jobs, on disk when this process is gone
import { openQueue } from '@ipc/mq-sqlite'

const create = { maxAttempts: 3, backoff: { firstMs: 20 } }
const mails = await openQueue<{ to: string }>('./queues', 'mails', { create })
const [receipt] = await mails.sendBatch([
  { body: { to: 'ada@example.org' }, options: { deduplicationId: 'invoice 1' } },
  { body: { to: 'grace@example.org' } },
  { body: { to: 'nobody' } },
])
console.log(receipt?.durability) // disk
await mails.close()
