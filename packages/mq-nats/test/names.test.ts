import fc from 'fast-check'
import { expect, test } from 'vitest'
import { natsQueue } from '../src/index.js'
import { namesOf } from '../src/names.js'
import { describeOnServer } from './fixtures/on-server.js'

/** Names that mean something to subjects, to directories, or to nobody. */
const ODD = [
  'a.b',
  'a',
  'a.*',
  '>',
  '*',
  ' ',
  '..',
  '/etc/passwd',
  'a\\b',
  'ü/日本',
  '\u0000\r\n',
  '\ud800',
  '=0041',
  'x'.repeat(255),
  '/'.repeat(255),
  `${'/'.repeat(254)}.`,
]

test('different queues have different names in JetStream, that it takes', () => {
  const name = fc.string({ minLength: 1, maxLength: 255, unit: 'binary' })
  fc.assert(
    fc.property(name, name, (one, other) => {
      const { stream, subject, deadStream } = namesOf(one)
      for (const each of [stream, subject, deadStream]) {
        expect(each).toMatch(/^[A-Za-z0-9_=.-]{1,200}$/)
        expect(each).not.toMatch(/\.\.|\.$/)
      }
      expect(stream).not.toContain('.')
      expect(new Set([stream, deadStream]).size).toBe(2)
      if (one !== other) expect(namesOf(other).stream).not.toBe(stream)
    }),
  )
})

describeOnServer('names of queues', (on) => {
  test('may be of any characters, and stand for a queue each', async () => {
    const connection = await on.connection()
    const open = (name: string): ReturnType<typeof natsQueue<number>> =>
      natsQueue<number>(connection, name, { create: {} })
    for (const [at, name] of ODD.entries()) await (await open(name)).send(at)
    for (const [at, name] of ODD.entries()) {
      const queue = await open(name)
      const delivery = await queue.receive()
      expect([queue.name, delivery?.body]).toEqual([name, at])
      await delivery?.deadLetter(name)
      expect((await queue.deadLetters())[0]?.reason).toBe(name)
      expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
    }
  })

  test.each([[''], ['x'.repeat(256)], [7 as unknown as string]])(
    'the name in %# is a TypeError',
    async (name) => {
      await expect(natsQueue(await on.connection(), name)).rejects.toBeInstanceOf(TypeError)
    },
  )
})
