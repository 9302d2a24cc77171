import { join } from 'node:path'
import { net } from '@ipc/net'
import { acceptOne } from './accept-one.js'
import type { Ends, P2Place } from './ends.js'

/** Both sides are on this machine: that one has died is to be noticed at once, and not when it does not come back. */
const transport = net({ resume: false })

/** A Unix socket in the directory of this run. */
export const netUnixEnds: Ends = netEnds(({ scratch }) => `unix:${join(scratch, 'p2.sock')}`)

/** TCP over the loopback interface, at a port that the system chooses. */
export const netTcpEnds: Ends = netEnds(() => 'tcp://127.0.0.1:0')

function netEnds(addressOf: (here: P2Place) => string): Ends {
  return {
    encodes: true,
    connect: ({ address }, options) => transport.connect(address, options),
    accept: async (here, options, ready) =>
      acceptOne(await transport.listen(addressOf(here), options), ready),
  }
}
