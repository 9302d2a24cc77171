import { join } from 'node:path'
import { net } from '@ipc/net'
import { acceptOne } from './accept-one.js'
import type { Ends, P2Place } from './ends.js'

/** A Unix socket in the directory of this run. */
export const netUnixEnds: Ends = netEnds(({ scratch }) => `unix:${join(scratch, 'p2.sock')}`)

/** TCP over the loopback interface, at a port that the system chooses. */
export const netTcpEnds: Ends = netEnds(() => 'tcp://127.0.0.1:0')

function netEnds(addressOf: (here: P2Place) => string): Ends {
  return {
    encodes: true,
    connect: ({ address }, options) => net().connect(address, options),
    accept: async (here, options, ready) => acceptOne(await net().listen(addressOf(here), options), ready),
  }
}
