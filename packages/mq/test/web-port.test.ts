import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { mq, type WebPortTarget } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { failure } from './fixtures/ports.js'

/** Only what a port has in a browser. */
function webOnly(
  port: MessagePort,
  { started = false } = {},
): WebPortTarget & { readonly listeners: number } {
  let listeners = 0
  const inner = port as unknown as WebPortTarget
  const target = {
    postMessage: (message: unknown, transfer: never[]) => port.postMessage(message, transfer),
    addEventListener(type: string, listener: (event: unknown) => void) {
      listeners++
      inner.addEventListener(type, listener)
    },
    removeEventListener(type: string, listener: (event: unknown) => void) {
      listeners--
      inner.removeEventListener(type, listener)
    },
    get listeners() {
      return listeners
    },
  }
  return started ? target : Object.assign(target, { start: () => port.start() })
}

describe('ports of the web', () => {
  test.each([{ started: false }, { started: true }])('connect, talk and close (%o)', async (shape) => {
    const { port1, port2 } = new MessageChannel()
    const [one, two] = [webOnly(port1, shape), webOnly(port2, shape)]
    const listener = await mq().listen<string>(two)
    const [near, far] = await Promise.all([mq().connect<string>(one), listener.accept()])
    expect(near.peer).toEqual({ transport: 'mq' })
    near.send('hello')
    expect(await far.receive()).toBe('hello')
    far.send('welcome')
    expect(await near.receive()).toBe('welcome')
    near.unref()
    near.ref()
    await Promise.all([near.close(), listener.close()])
    expect([one.listeners, two.listeners]).toEqual([0, 0])
    port1.close()
  })

  test('a buffer is transferred', async () => {
    const { port1, port2 } = new MessageChannel()
    const listener = await mq().listen<Uint8Array>(webOnly(port2))
    const [near, far] = await Promise.all([mq().connect<Uint8Array>(webOnly(port1)), listener.accept()])
    const bytes = new Uint8Array(10).fill(1)
    near.send(bytes, { transfer: [bytes.buffer] })
    expect(bytes.byteLength).toBe(0)
    expect(await far.receive()).toEqual(new Uint8Array(10).fill(1))
    port1.close()
  })

  test('where the port tells of its end, that is IPC_PEER_LOST', async () => {
    const { port1, port2 } = new MessageChannel()
    const listener = await mq().listen(webOnly(port2))
    const [near, far] = await Promise.all([mq().connect(webOnly(port1)), listener.accept()])
    port2.close()
    expect((await failure(near.receive())).code).toBe('IPC_PEER_LOST')
    expect((await far.closed).code).toBe('IPC_PEER_LOST')
  })
})
