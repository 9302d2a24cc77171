import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { measureOneWay, receiveOneWay, sendForAsync } from '../one-way.js'
import type { Pair } from '../pair/pair.js'

/** Bytes of one write. */
const WRITE_BYTES = 262_144
/** What may be under way. */
const WINDOW_BYTES = 2 ** 20

/** The same bytes again and again through a TCP connection, and nobody looks at them: what the kernel and Node allow. */
export const rawStream: Pair<{ readonly messageBytes: number }> = {
  far: 'process',
  async runNear(place, { messageBytes }) {
    const { control } = place.fars[0]!
    const socket = connect({ host: '127.0.0.1', port: (await control.hear()) as number, noDelay: true })
    await once(socket, 'connect')
    const block = Buffer.alloc(WRITE_BYTES)
    const shape = { messageBytes: WRITE_BYTES, batch: 1, capacityBytes: WINDOW_BYTES }
    const sender = {
      put: () => {
        socket.write(block)
        return socket.writableLength < WINDOW_BYTES
      },
      drained: async () => void (await once(socket, 'drain')),
      end: (count: number) => control.tell(count * WRITE_BYTES),
    }
    const figures = await measureOneWay(place, async (seconds) => {
      return ((await sendForAsync(seconds, shape, sender)) * WRITE_BYTES) / messageBytes
    })
    socket.destroy()
    return figures
  },
  async runFar(place) {
    const { control } = place
    const server = createServer({ noDelay: true })
    server.listen({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    control.tell((server.address() as AddressInfo).port)
    const [socket] = (await once(server, 'connection')) as [Socket]
    let received = 0
    let onBytes = (): void => {}
    socket.on('data', (chunk) => {
      received += chunk.length
      onBytes()
    })
    await receiveOneWay(place, async () => {
      const all = (await control.hear()) as number
      await new Promise<void>((resolve) => {
        onBytes = () => received >= all && resolve()
        onBytes()
      })
      received -= all
    })
    socket.destroy()
    server.close()
  },
}
