import { parentPort } from 'node:worker_threads'
import { bytes } from '@ipc/core'
import { type Connection, mq, mqProcess } from '@ipc/mq'
import type { FarSide } from '../pair/far-side.js'

/** A connection over which the messages of the bench go. */
export type MessageConnection = Connection<Uint8Array, Uint8Array>

/** Connect to a far side, whichever it is. */
export function connectFar(far: FarSide, codec: 'bytes' | 'none'): Promise<MessageConnection> {
  const options = codec === 'bytes' ? { codec: bytes() } : {}
  if (far.worker !== undefined) return mq().connect(far.worker, options)
  return mqProcess().connect(far.child!, { codec: bytes() })
}

/** The other end of it. */
export async function acceptNear(codec: 'bytes' | 'none'): Promise<MessageConnection> {
  const options = codec === 'bytes' ? { codec: bytes() } : {}
  const listener =
    parentPort === null
      ? await mqProcess().listen<Uint8Array>(process, { codec: bytes() })
      : await mq().listen<Uint8Array>(parentPort, options)
  const connection = await listener.accept()
  await listener.close()
  return connection
}
