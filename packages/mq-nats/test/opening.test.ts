import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from '@ipc/core'
import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { natsQueue } from '../src/index.js'
import { describeOnServer } from './fixtures/on-server.js'

describeOnServer('opening a queue', (on) => {
  test('that is not there, without create, is IPC_CONNECT_FAILED', async () => {
    await expect(on.queue({})).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining('make it with `create`'),
    })
  })

  test('keeps the settings that it was made with', async () => {
    const first = await on.queue({ create: { maxMessages: 1, whenFull: 'reject', maxAttempts: 1 } })
    const second = await on.queue({ create: { maxMessages: 5, whenFull: 'wait', maxAttempts: 9 } })
    await second.send(1)
    await expect(second.send(2)).rejects.toMatchObject({ code: 'IPC_QUEUE_FULL' })
    await (await second.receive())?.nack()
    expect((await first.deadLetters())[0]?.reason).toBe('max attempts')
  })

  test('by several at once makes it once', async () => {
    const opened = await Promise.all(
      [1, 2, 3, 4].map((maxMessages) => on.queue({ create: { maxMessages, whenFull: 'reject' } })),
    )
    const room = await Promise.all(
      opened.map((queue) =>
        queue.sendBatch(Array.from({ length: 5 }, (_, body) => ({ body }))).catch(() => 0),
      ),
    )
    expect(room).toEqual([0, 0, 0, 0])
    const { ready } = await opened[0]!.stats()
    expect([1, 2, 3, 4]).toContain(ready)
  })

  test('on a server without JetStream is IPC_NOT_SUPPORTED', async () => {
    const { url } = await on.server([])
    const opening = on.queue({ create: {} }, await on.connection({ servers: url }))
    await expect(opening).rejects.toMatchObject({
      code: 'IPC_NOT_SUPPORTED',
      message: expect.stringContaining('start the server with -js'),
    })
  })

  test('over a closed connection is IPC_CLOSED, and with an aborted signal IPC_ABORTED', async () => {
    const connection = await on.connection()
    await expect(on.queue({ create: {}, signal: AbortSignal.abort() }, connection)).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
    await connection.close()
    await expect(on.queue({ create: {} }, connection)).rejects.toMatchObject({ code: 'IPC_CLOSED' })
  })

  test('on a server that does not answer ends with IPC_TIMEOUT', async () => {
    const server = await on.server(['-js'])
    const connection = await on.connection({ servers: server.url })
    server.pause()
    await expect(on.queue({ create: {}, timeoutMs: 50 }, connection)).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
    })
    server.resume()
  })

  test('on a server that is too old is IPC_VERSION_MISMATCH', async () => {
    const connection = await on.connection()
    const old = new Proxy(connection, {
      get: (target, key) =>
        key === 'info' ? { ...target.info, version: '2.8.4' } : Reflect.get(target, key, target),
    })
    await expect(natsQueue(old, 'old', { create: {} })).rejects.toMatchObject({
      code: 'IPC_VERSION_MISMATCH',
    })
  })

  test('leaves a stream of somebody else alone', async () => {
    const connection = await on.connection()
    await (await jetstreamManager(connection)).streams.add({ name: 'ipc-q-theirs', subjects: ['theirs'] })
    await expect(natsQueue(connection, 'theirs', { create: {} })).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: expect.stringContaining('is no queue of @ipc/mq-nats'),
    })
  })

  test('refuses more durability than there is, and settings that cannot be right', async () => {
    const inMemory = await on.queue({ create: { storage: 'memory' } })
    expect(inMemory.capabilities.durability).toEqual(['memory'])
    expect((await inMemory.send(1)).durability).toBe('memory')
    await expect(on.queue({ durability: 'os' })).rejects.toMatchObject({ code: 'IPC_NOT_SUPPORTED' })
    const storage = 'tape' as 'file'
    await expect(on.queue({ create: { storage } })).rejects.toBeInstanceOf(TypeError)
    await expect(on.queue({ create: { maxMessages: 0 } })).rejects.toBeInstanceOf(RangeError)
  })

  test('as a user who may not is IPC_PERMISSION_DENIED, and so is sending', async () => {
    const config = join(tmpdir(), `ipc-nats-${process.pid}.conf`)
    writeFileSync(
      config,
      `authorization { users: [
        { user: all, password: all }
        { user: none, password: none, permissions: { publish: "_INBOX.>" } }
        { user: reader, password: reader, permissions: { publish: { deny: "ipc.q.>" } } }
      ] }\n`,
    )
    const { url } = await on.server(['-js', '-c', config])
    const as = (user: string) => on.connection({ servers: url, user, pass: user })
    await on.queue({ create: {} }, await as('all'))
    await expect(on.queue({}, await as('none'))).rejects.toMatchObject({ code: 'IPC_PERMISSION_DENIED' })
    const queue = await on.queue({}, await as('reader'))
    await expect(queue.send(1)).rejects.toMatchObject({ code: 'IPC_PERMISSION_DENIED' })
  })
})

describeOnServer('a message', (on) => {
  test('above max_payload of the server, with its headers, is IPC_MESSAGE_TOO_LARGE', async () => {
    const connection = await on.connection()
    const queue = await on.queue<Uint8Array>({ create: {} }, connection)
    const { max_payload } = connection.info!
    const refused = queue.send(new Uint8Array(max_payload))
    await expect(refused).rejects.toMatchObject({
      code: 'IPC_MESSAGE_TOO_LARGE',
      details: { limit: max_payload },
    })
    await queue.send(new Uint8Array(max_payload - 500))
    expect((await queue.receive())?.body.length).toBe(max_payload - 500)
  })

  test('keeps headers, ids and reasons of any characters', async () => {
    const queue = await on.queue()
    const headers = { 'a:b': 'x\r\ny', 'ü ': ' padded ', '\u0000': '\ud800', '': '' }
    delete (headers as Record<string, string>)['']
    const { id } = await queue.send(1, { headers, deduplicationId: '\r\n: ü' })
    expect(await queue.send(2, { headers, deduplicationId: '\r\n: ü' })).toMatchObject({
      id,
      duplicate: true,
    })
    const delivery = await queue.receive()
    expect(delivery?.headers).toEqual(headers)
    await delivery?.deadLetter('why: \r\n\u0000ü')
    const [letter] = await queue.deadLetters()
    expect(letter).toMatchObject({ id, reason: 'why: \r\n\u0000ü', headers })
    await queue.redrive()
    expect(await queue.receive()).toMatchObject({ id, headers, sentAt: delivery?.sentAt })
  })

  test('of another program is delivered as its codec reads it; what it cannot read is a dead letter', async () => {
    const connection = await on.connection()
    const queue = await natsQueue(connection, 'foreign', {
      create: {},
      codec: json<{ n: number }>(),
      schema: z.object({ n: z.number() }),
    })
    for (const text of ['{"n":1}', '{"n":"one"}', 'no json', '{"n":2}']) {
      await connection.request('ipc.q.foreign', text)
    }
    const seen: number[] = []
    const problems: unknown[] = []
    await new Promise<void>((resolve) => {
      const consumer = queue.process(({ body }) => {
        if (seen.push(body.n) === 2) resolve()
      })
      consumer.onError((error) => problems.push(error))
    })
    expect(seen).toEqual([1, 2])
    expect(problems).toMatchObject([{ code: 'IPC_DECODE_FAILED' }, { code: 'IPC_DECODE_FAILED' }])
    await expect.poll(async () => (await queue.stats()).dead).toBe(2)
  })
})
