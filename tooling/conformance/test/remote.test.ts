import { afterAll, describe, expect, test } from 'vitest'
import { expectIpcError } from '../src/check.js'
import { createPeers, type Started, startProcess, startWorker } from '../src/index.js'

const fixture = (name: string): URL => new URL(`./fixtures/${name}.ts`, import.meta.url)

for (const [kind, start] of [
  ['process', (file: URL): Promise<Started> => startProcess(file)],
  ['worker', (file: URL): Promise<Started> => startWorker(file)],
] as const) {
  describe(`remote in a ${kind}`, () => {
    const peers = createPeers(() => start(fixture('echo-peer')))
    afterAll(() => peers.dispose())

    test('commands are carried out on the connection they are for', async () => {
      const host = await peers.take()
      const [one, other] = [await host.open('one'), await host.open('other', { highWaterMarkBytes: 4096 })]
      await one.send([1, new Uint8Array(3), { a: [undefined] }])
      await other.send(['two'])
      expect(await other.receive(1)).toEqual(['two'])
      expect(await one.receive(3)).toEqual([1, new Uint8Array(3), { a: [undefined] }])
      await other.close()
      expect(await other.closed()).toMatchObject({ by: 'local', code: undefined })
      expect(await one.status()).toBe('open')
    })

    test('numbered streams are sent and judged remotely', async () => {
      const remote = await (await peers.take()).open('numbered')
      const stream = { count: 500, bytes: [4, 3000] as const }
      await remote.sendNumbered(stream)
      expect(await remote.receiveNumbered(stream)).toEqual({ received: 500, problem: undefined })
      await remote.sendNumbered(stream)
      expect((await remote.receiveNumbered({ ...stream, first: 1 })).problem).toContain(
        'in place of message 1',
      )
    })

    test('errors of commands keep their code, or their text', async () => {
      const host = await peers.take()
      const remote = await host.open('errors')
      await remote.abort()
      await expectIpcError(remote.send([1]), 'IPC_ABORTED')
      await expect(host.open('refuse')).rejects.toThrow('refused as asked')
    })

    test('kill rejects what is pending, and the next take starts another', async () => {
      const host = await peers.take()
      const remote = await host.open('kill')
      const pending = remote.receive(1)
      const check = expect(pending).rejects.toThrow('ended')
      await remote.kill?.()
      await check
      await expect(remote.status()).rejects.toThrow('ended')
      const again = await (await peers.take()).open('again')
      expect(await again.status()).toBe('open')
    })

    test('a program that dies at once is reported with its complaint', async () => {
      await expect(start(fixture('broken-peer'))).rejects.toThrow('this program dies before it is ready')
    })
  })
}
