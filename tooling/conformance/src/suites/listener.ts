import type { Codec, Connection, Listener } from '@ipc/core'
import { describe, expect, test } from 'vitest'
import { expectIpcError, expectMisuse, until, watch } from '../check.js'
import type { Endpoint } from '../harness.js'
import type { PairHarness } from '../pair-test.js'
import { rawCodec } from '../remote-options.js'

type Use = (endpoint: Endpoint<unknown>, listening: Listener<unknown, unknown, unknown>) => Promise<void>

export function listenerSuite({ endpoint: openEndpoint }: PairHarness): void {
  if (openEndpoint === undefined) return
  const endpointTest = (name: string, use: Use, options: { readonly backlog?: number } = {}): void => {
    test(name, async () => {
      const endpoint = (await openEndpoint()) as Endpoint<unknown>
      const listener = await endpoint.transport.listen(await endpoint.address(), options)
      try {
        await use(endpoint, listener)
      } finally {
        await listener.close()
        await endpoint.dispose?.()
      }
    })
  }

  describe('listener', () => {
    endpointTest('connect reaches the listener and the two talk', async ({ transport }, listener) => {
      const [near, far] = await connected(transport, listener)
      near.send('hello')
      expect(await far.receive()).toBe('hello')
      far.send('welcome')
      expect(await near.receive()).toBe('welcome')
      await end(near, far)
    })

    endpointTest(
      'a second listen at the same address rejects IPC_ADDRESS_IN_USE',
      async ({ transport }, listener) => {
        await expectIpcError(transport.listen(listener.address), 'IPC_ADDRESS_IN_USE')
        await end(...(await connected(transport, listener)))
      },
    )

    endpointTest('connect to nobody rejects IPC_CONNECT_FAILED', async ({ transport, address }) => {
      await expectIpcError(transport.connect(await address()), 'IPC_CONNECT_FAILED')
    })

    endpointTest(
      'close rejects pending accepts with IPC_CLOSED and later ones too',
      async (_endpoint, listener) => {
        const pending = [listener.accept(), listener.accept({ timeoutMs: 1e9 })]
        const checks = pending.map((promise) => expectIpcError(promise, 'IPC_CLOSED'))
        await listener.close()
        await Promise.all(checks)
        await expectIpcError(listener.accept(), 'IPC_CLOSED')
      },
    )

    endpointTest('close frees the address', async ({ transport }, listener) => {
      const { address } = listener
      await Promise.all([listener.close(), listener.close()])
      await listener.close()
      await expectIpcError(transport.connect(address), 'IPC_CONNECT_FAILED')
      const again = await transport.listen(address)
      await end(...(await connected(transport, again)))
      await again[Symbol.asyncDispose]()
      await expectIpcError(transport.connect(address), 'IPC_CONNECT_FAILED')
    })

    endpointTest(
      'accept ends by signal and by time, and the next one gets the connection',
      async (endpoint, listener) => {
        const { transport } = endpoint
        await expectIpcError(listener.accept({ timeoutMs: 10 }), 'IPC_TIMEOUT')
        await expectIpcError(listener.accept({ timeoutMs: 0 }), 'IPC_TIMEOUT')
        await expectIpcError(listener.accept({ signal: AbortSignal.abort() }), 'IPC_ABORTED')
        const controller = new AbortController()
        const aborted = expectIpcError(listener.accept({ signal: controller.signal }), 'IPC_ABORTED')
        controller.abort()
        await aborted
        await end(...(await connected(transport, listener)))
      },
    )

    endpointTest('accepted connections outlive the listener', async ({ transport }, listener) => {
      const [near, far] = await connected(transport, listener)
      await listener.close()
      near.send('still here')
      expect(await far.receive()).toBe('still here')
      await end(near, far)
    })

    endpointTest(
      'iteration gives each connection and ends when the listener closes',
      async (endpoint, listener) => {
        const accepted: Connection[] = []
        const iteration = (async () => {
          for await (const connection of listener) accepted.push(connection)
        })()
        const first = await endpoint.transport.connect(listener.address)
        await until(() => accepted.length === 1)
        await listener.close()
        await iteration
        await end(first, ...accepted)
      },
    )

    endpointTest('connect with an aborted signal rejects IPC_ABORTED', async ({ transport }, listener) => {
      await expectIpcError(
        transport.connect(listener.address, { signal: AbortSignal.abort() }),
        'IPC_ABORTED',
      )
      const controller = new AbortController()
      const connecting = transport.connect(listener.address, { signal: controller.signal })
      controller.abort()
      await expectIpcError(connecting, 'IPC_ABORTED')
    })

    endpointTest(
      'listen with an aborted signal rejects IPC_ABORTED and takes no address',
      async (endpoint) => {
        const { transport } = endpoint
        const address = await endpoint.address()
        await expectIpcError(transport.listen(address, { signal: AbortSignal.abort() }), 'IPC_ABORTED')
        await (await transport.listen(address)).close()
      },
    )

    endpointTest(
      'sides with different codecs refuse each other with IPC_PROTOCOL',
      async (endpoint, listener) => {
        const { transport } = endpoint
        const codec = rawCodec as Codec
        await expectIpcError(transport.connect(listener.address, { codec }), 'IPC_PROTOCOL')
        await end(...(await connected(transport, listener)))
      },
    )

    endpointTest('ref and unref may be called in any state', async (_endpoint, listener) => {
      listener.unref()
      listener.ref()
      await listener.close()
      listener.unref()
      listener.ref()
    })

    endpointTest(
      'connections that nobody accepted are aborted when the listener closes',
      async (endpoint, listener) => {
        const { transport } = endpoint
        const near = await transport.connect(listener.address)
        await listener.close()
        const { code } = await near.closed
        expect(['IPC_ABORTED', 'IPC_PEER_LOST']).toContain(code)
      },
    )

    endpointTest(
      'options that make no sense are refused at once',
      async ({ transport, address }, listener) => {
        for (const wrong of [0, -1, 1.5, Number.NaN, '1' as unknown as number]) {
          for (const name of ['highWaterMarkBytes', 'maxBufferedBytes', 'maxMessageBytes']) {
            await expectMisuse(() => transport.connect(listener.address, { [name]: wrong }), RangeError)
            await expectMisuse(async () => transport.listen(await address(), { [name]: wrong }), RangeError)
          }
        }
        await expectMisuse(() => transport.connect(listener.address, { timeoutMs: -1 }), RangeError)
        await expectMisuse(async () => transport.listen(await address(), { backlog: 0 }), RangeError)
        await expectMisuse(() => transport.connect(undefined), TypeError)
        await expectMisuse(() => transport.listen(undefined), TypeError)
        await end(...(await connected(transport, listener)))
      },
    )

    manyConnections(endpointTest)
  })
}

/** Gated at run time: the capability belongs to the transport, which exists only once the endpoint is open. */
function manyConnections(
  endpointTest: (name: string, use: Use, options?: { backlog?: number }) => void,
): void {
  endpointTest(
    'many connections at one address do not disturb each other',
    async ({ transport }, listener) => {
      if (!transport.capabilities.manyConnections) return
      const pairs: Connection[][] = []
      for (let i = 0; i < 8; i++) pairs.push(await connected(transport, listener))
      for (const [i, [near]] of pairs.entries()) near?.send(i)
      expect(await Promise.all(pairs.map(([, far]) => far?.receive()))).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      await end(...(pairs.shift() ?? []))
      pairs.shift()?.[1]?.abort()
      for (const [i, [near]] of pairs.entries()) near?.send(i)
      expect(await Promise.all(pairs.map(([, far]) => far?.receive()))).toEqual([0, 1, 2, 3, 4, 5])
      await end(...pairs.flat())
    },
  )

  endpointTest(
    'connections beyond the backlog are refused, and there is room again after an accept',
    async (endpoint, listener) => {
      const { transport } = endpoint
      if (!transport.capabilities.manyConnections) return
      const first = await transport.connect(listener.address)
      const second = await transport.connect(listener.address)
      const refused = watch(
        expectIpcError(async () => {
          // Refused at once, or after the peer has hung up: never an open connection that nobody will accept.
          const third = await transport.connect(listener.address)
          throw (await third.closed).error
        }, 'IPC_CONNECT_FAILED'),
      )
      await until(() => refused.state === 'resolved')
      const accepted = [await listener.accept(), await listener.accept()]
      await end(first, second, ...accepted)
      await end(...(await connected(transport, listener)))
    },
    { backlog: 2 },
  )
}

async function connected(
  transport: Endpoint<unknown>['transport'],
  listener: Listener<unknown, unknown, unknown>,
): Promise<[Connection, Connection]> {
  return Promise.all([transport.connect(listener.address), listener.accept()])
}

async function end(...connections: Connection[]): Promise<void> {
  await Promise.all(connections.map((connection) => connection.close()))
}
