import { IpcError } from '@ipc/core'
import { createBroker, memoryStore, type QueueStore } from '@ipc/mq'
import { expect, test } from 'vitest'

/** A store that says it has a disk, which fails when it is told to. */
function diskStore(): { readonly store: QueueStore; fail(): void } {
  const inner = memoryStore()
  let isBroken = false
  const store: QueueStore = {
    durability: 'disk',
    definitions: inner.definitions,
    table: (queue) => inner.table(queue),
    nextId: () => inner.nextId(),
    nextOwner: () => inner.nextOwner(),
    begin: () => inner.begin(),
    commit: () => inner.commit(),
    sync() {
      if (isBroken) throw new IpcError('IPC_STORE_FAILED', 'the disk gave an error')
    },
    close: () => inner.close(),
  }
  return {
    store,
    fail() {
      isBroken = true
    },
  }
}

test.each([1, 3])('%i acknowledgements are not confirmed when the disk does not have them', async (count) => {
  const disk = diskStore()
  await using broker = createBroker({ store: disk.store })
  const queue = await broker.queue<number>('queue')
  await queue.sendBatch(Array.from({ length: count }, (_, body) => ({ body })))
  const deliveries = await queue.receiveBatch({ max: count })
  expect(deliveries.length).toBe(count)
  disk.fail()
  const settled = await Promise.allSettled(deliveries.map((delivery) => delivery.ack()))
  expect(settled.map(({ status }) => status)).toEqual(deliveries.map(() => 'rejected'))
})

test('acknowledgements of a queue that asks for less are confirmed before the disk has them', async () => {
  const disk = diskStore()
  await using broker = createBroker({ store: disk.store })
  const queue = await broker.queue<number>('queue', { durability: 'os' })
  await queue.send(1)
  const delivery = await queue.receive()
  disk.fail()
  await delivery?.ack()
})
