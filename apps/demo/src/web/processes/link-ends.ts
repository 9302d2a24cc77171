import { join } from 'node:path'
import { bytes, type Connection, type Listener } from '@ipc/core'
import { net } from '@ipc/net'
import { shm } from '@ipc/shm'
import { LINK_HIGH_WATER_MARK_BYTES } from '../limits.js'
import type { Job } from './orders.js'

type Messages = Connection<Uint8Array>

/** Small limits, so that what one side does shows at the other one soon. */
const OPTIONS = { codec: bytes(), highWaterMarkBytes: LINK_HIGH_WATER_MARK_BYTES } as const
/** The ring of each direction, where the link is shared memory. */
const RING_BYTES = 131_072

/** Listen as the job says; the name is free again when a process that had it has died. */
export function listenOn({ transport, scratch }: Job): Promise<Listener<Uint8Array>> {
  if (transport === 'shm') {
    return shm({ directory: scratch, ringBytes: RING_BYTES }).listen<Uint8Array>('link', OPTIONS)
  }
  const address = transport === 'tcp' ? 'tcp://127.0.0.1:0' : `unix:${join(scratch, 'link.sock')}`
  return net({ resume: false }).listen<Uint8Array>(address, OPTIONS)
}

/** Connect to where the other process listens. */
export function connectTo(address: string, { transport, scratch }: Job): Promise<Messages> {
  return transport === 'shm'
    ? shm({ directory: scratch }).connect<Uint8Array>(address, OPTIONS)
    : net({ resume: false }).connect<Uint8Array>(address, OPTIONS)
}
