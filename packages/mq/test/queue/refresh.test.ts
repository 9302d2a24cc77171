import { memoryStore } from '@ipc/mq'
import { type Clock, type Command, QueueEngine, Session } from '@ipc/mq/internal'
import { beforeEach, expect, test } from 'vitest'

const clock: Clock = { now: () => 1, setTimer: () => ({ cancel() {}, keepAlive() {} }) }
const message = {
  priority: 0,
  delayMs: 0,
  ttlMs: Number.POSITIVE_INFINITY,
  deduplicationId: undefined,
  orderingKey: undefined,
  headers: undefined,
  body: Uint8Array.of(1),
  bytes: 1,
}
const open: Command = {
  kind: 'open',
  request: 1,
  handle: 1,
  what: 'queue',
  name: 'q',
  create: { maxMessages: 1 },
}
const receive: Command = { kind: 'receive', request: 2, handle: 1, max: 1, leaseMs: 1000, wait: true }
const send = (request: number): Command => ({ kind: 'send', request, handle: 1, messages: [message] })

const inner = { store: memoryStore() }
let log: string[]
beforeEach(() => {
  inner.store = memoryStore()
  log = []
})

/** One of several processes, as it were, that share a store; what it commits and what it hears is in the log. */
function sharer(): { readonly engine: QueueEngine; readonly session: Session } {
  const { store } = inner
  const engine = new QueueEngine(
    {
      durability: 'disk',
      definitions: store.definitions,
      table: (name) => store.table(name),
      nextId: () => store.nextId(),
      nextOwner: () => store.nextOwner(),
      begin: () => true,
      commit: () => {
        log.push('commit')
        store.commit()
      },
      sync() {},
      close() {},
    },
    clock,
  )
  const session = new Session(
    engine,
    { transport: 'test' },
    () => true,
    (events) => log.push(...events.map(({ kind }) => kind)),
    () => log.push('end'),
  )
  session.execute([open])
  return { engine, session }
}

test('a message that another process has sent is delivered before its lease is committed', () => {
  const here = sharer()
  const there = sharer()
  here.session.execute([receive])
  there.session.execute([send(2)])
  log = []
  here.engine.refresh()
  expect(log).toEqual(['delivered', 'commit'])
})

test('one that came in with the room another process has made is not, before it is committed itself', () => {
  const here = sharer()
  const there = sharer()
  there.session.execute([send(2), receive])
  here.session.execute([send(3), { ...receive, request: 4 }])
  there.session.execute([{ kind: 'settle-each', request: 5, handle: 1, action: 'ack', leases: [1, 1] }])
  log = []
  here.engine.refresh()
  expect(log).toEqual(['commit', 'delivered', 'sent'])
})

test('what another process has sent is delivered in whatever step comes next', () => {
  const here = sharer()
  const there = sharer()
  here.session.execute([receive])
  there.session.execute([send(2)])
  log = []
  here.session.execute([{ ...open, request: 3, handle: 2, name: 'another' }])
  expect(log).toEqual(['commit', 'opened', 'delivered'])
})
