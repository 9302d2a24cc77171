import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type IpcError, isIpcError } from '../src/index.js'
import { fakeConnection } from './fake-link.js'

const flight = z.object({ id: z.number().int(), delay: z.string().transform(Number) })

describe('a connection with a schema of zod', () => {
  test('receives what the schema makes of a message', async () => {
    const { connection, link } = fakeConnection({ schema: flight })
    link.events.deliver({ id: 1, delay: '12' }, 10)
    expect(await connection.receive()).toEqual({ id: 1, delay: 12 })
  })

  test('fails a message that does not match, naming the place, and goes on with the next', async () => {
    const { connection, link } = fakeConnection({ schema: flight })
    link.events.deliver({ id: 1.5, delay: '12' }, 10)
    link.events.deliver({ id: 2, delay: '3' }, 10)
    const error: unknown = await connection.receive().catch((reason: IpcError) => reason)
    expect(isIpcError(error, 'IPC_DECODE_FAILED')).toBe(true)
    expect((error as IpcError).message).toMatch(/^message does not match the schema: id: /)
    expect(await connection.receive()).toEqual({ id: 2, delay: 3 })
    expect(connection.status).toBe('open')
    expect(connection.stats().decodeFailures).toBe(1)
  })
})
