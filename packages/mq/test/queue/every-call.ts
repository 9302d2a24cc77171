import { expectEveryCallSettles, type Watch } from '@ipc/conformance'
import type { Connection } from '@ipc/core'
import { connectQueue, connectTopic } from '@ipc/mq'

/** Make every call there is over a connection whose broker dies, or not. Returns whether one has found it dead. */
export function settlesEveryCall(connection: Connection, dies: boolean): Promise<boolean> {
  return expectEveryCallSettles({
    open: (name, create) => connectQueue(connection, name, { create }),
    more: (watch) => topics(connection, watch),
    dies,
  })
}

async function topics(connection: Connection, watch: Watch): Promise<void> {
  const topic = await watch('open a topic', connectTopic(connection, 'topic'))
  if (topic === undefined) return
  const subscription = await watch('subscribe', topic.subscribe('subscription', { pattern: 'a.*' }))
  await watch('publish', topic.publish('a.b', 'news'))
  if (subscription !== undefined) await watch('receive published', subscription.receive({ timeoutMs: 1000 }))
  await watch('unsubscribe', topic.unsubscribe('subscription'))
}
