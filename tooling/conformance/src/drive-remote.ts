import { type Connection, IpcError, isIpcError, request, serve } from '@ipc/core'
import { type Subscription, subscribe } from '@ipc/core/topics'
import { answerCalls } from './calls.js'
import type { Control } from './control.js'
import { checkNumbered, numberedMessage } from './numbered.js'
import type { Remote, ServiceBody } from './remote.js'

/** Carry out, on `connection`, the commands that a `remoteOver` at the other end of `control` sends. */
export function driveRemote(connection: Connection, control: Control, channel = ''): void {
  answerCalls(control, channel, { ...localRemote(connection) } as never)
}

/** A {@link Remote} for a connection in this very process. */
export function localRemote(connection: Connection): Remote {
  let reading = new AbortController()
  const sendAll = async (count: number, message: (index: number) => unknown): Promise<void> => {
    for (let i = 0; i < count; i++) if (!connection.send(message(i))) await connection.drained()
  }
  return {
    send: (messages) => sendAll(messages.length, (i) => messages[i]),
    sendNumbered: (stream) => sendAll(stream.count, (i) => numberedMessage(stream, i)),
    async receive(count) {
      const messages: unknown[] = []
      while (messages.length < count) messages.push(await connection.receive())
      return messages
    },
    async receiveNumbered(stream) {
      let problem: string | undefined
      let received = 0
      for (; received < stream.count && problem === undefined; received++) {
        problem = checkNumbered(stream, received, await connection.receive())
      }
      return { received, problem }
    },
    async startReading() {
      reading = new AbortController()
      void readUntil(connection, reading.signal)
    },
    async stopReading() {
      reading.abort()
    },
    async echo() {
      void echoAll(connection)
    },
    ...service(connection),
    request: (body, options) => request(connection, body, options),
    ...subscriber(connection),
    close: () => connection.close(),
    async abort(reason) {
      connection.abort(reason)
    },
    async closed() {
      const { by, code, unsent, discarded } = await connection.closed
      return { by, code, unsent, discarded }
    },
    status: async () => connection.status,
    stats: async () => connection.stats(),
    async block(ms) {
      // After the result of this command is on its way.
      setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms), 5)
    },
  }
}

async function readUntil(connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    while (true) await connection.receive({ signal })
  } catch (error) {
    if (!isIpcError(error)) throw error
  }
}

async function echoAll(connection: Connection): Promise<void> {
  try {
    for await (const message of connection) if (!connection.send(message)) await connection.drained()
  } catch (error) {
    if (!isIpcError(error)) throw error
  }
}

function subscriber(connection: Connection): Pick<Remote, 'subscribe' | 'receivePublished' | 'unsubscribe'> {
  const subscriptions = new Map<string, Subscription>()
  const find = (topic: string): Subscription => {
    const subscription = subscriptions.get(topic)
    if (subscription === undefined) throw new Error(`no subscription to ${topic}`)
    return subscription
  }
  return {
    async subscribe(topic) {
      subscriptions.set(topic, await subscribe(connection, topic))
    },
    async receivePublished(topic, count) {
      const messages: unknown[] = []
      while (messages.length < count) messages.push(await find(topic).receive())
      return messages
    },
    unsubscribe: (topic) => find(topic).close(),
  }
}

function service(connection: Connection): Pick<Remote, 'serve' | 'served' | 'release'> {
  const gates = new Map<string, (value: unknown) => void>()
  const early = new Map<string, unknown>()
  const cancelled: (string | undefined)[] = []
  let started = 0
  let finished = 0
  const answer = async (body: ServiceBody, signal: AbortSignal): Promise<unknown> => {
    if ('fail' in body) throw new Error(body.fail)
    if ('failCode' in body) throw new IpcError(body.failCode, 'as asked', { details: { asked: true } })
    if ('hang' in body) return new Promise((resolve) => signal.addEventListener('abort', resolve))
    if ('gate' in body) {
      if (early.has(body.gate)) return early.get(body.gate)
      return new Promise((resolve) => gates.set(body.gate, resolve))
    }
    if (body.afterMs !== undefined) await new Promise((resolve) => setTimeout(resolve, body.afterMs))
    return body.reply
  }
  return {
    async serve() {
      serve(connection, async (body, { signal }) => {
        started++
        signal.addEventListener('abort', () => {
          cancelled.push(isIpcError(signal.reason) ? signal.reason.code : undefined)
        })
        try {
          return await answer(body as ServiceBody, signal)
        } finally {
          finished++
        }
      })
    },
    served: async () => ({ started, finished, cancelled: [...cancelled] }),
    async release(gate, value) {
      const open = gates.get(gate)
      if (open === undefined) early.set(gate, value)
      else open(value)
    },
  }
}
