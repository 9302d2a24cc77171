import { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { HEADER_BYTES } from '../src/frame.js'
import {
  encodeResume,
  encodeResumed,
  type Greetings,
  idOfResume,
  readResume,
  readResumed,
  sessionSecrets,
} from '../src/session.js'
import { sessionVectors as vectors } from './fixtures/vectors.js'

const greetingsOf = ({ dialer, acceptor }: { dialer: string; acceptor: string }): Greetings => ({
  dialer: Buffer.from(dialer, 'hex'),
  acceptor: Buffer.from(acceptor, 'hex'),
})
const secrets = sessionSecrets(greetingsOf(vectors.first), new Socket())
const again = greetingsOf(vectors.again)

describe('the frames of a session that goes on', () => {
  test('have the id and the key of the vectors', () => {
    expect({ id: secrets.id, key: secrets.key.toString('hex') }).toEqual({ id: vectors.id, key: vectors.key })
  })

  test.each(vectors.states)(
    'have the bytes of the vectors for $received received',
    ({ resume, resumed, ...state }) => {
      expect(encodeResume(secrets, again, state).toString('hex')).toBe(resume)
      expect(encodeResumed(secrets, again, state).toString('hex')).toBe(resumed)
      const [asked, answered] = [resume, resumed].map((hex) => Buffer.from(hex, 'hex').subarray(HEADER_BYTES))
      expect(idOfResume(asked as Buffer)).toBe(vectors.id)
      expect(readResume(secrets, again, asked as Buffer)).toEqual(state)
      expect(readResumed(secrets, again, answered as Buffer)).toEqual(state)
    },
  )

  test('prove nothing over another socket, when a bit differs, or as the other one', () => {
    const state = { received: 1, credit: 2 }
    const body = encodeResume(secrets, again, state).subarray(HEADER_BYTES)
    expect(readResume(secrets, greetingsOf(vectors.first), body)).toBeUndefined()
    for (let at = 0; at < body.length; at++) {
      const damaged = Buffer.from(body)
      damaged[at] = (damaged[at] as number) ^ 1
      expect(readResume(secrets, again, damaged)).toBeUndefined()
    }
    expect(
      readResume(secrets, again, encodeResumed(secrets, again, state).subarray(HEADER_BYTES)),
    ).toBeUndefined()
  })
})
