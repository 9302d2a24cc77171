// camera.ts: draws frames into shared memory, where the viewer looks at them
import { setImmediate as nextTurn } from 'node:timers/promises'
import { openRegion, spscRing } from '@ipc/shm'

const WIDTH = 320
const HEIGHT = 180
const FRAME_BYTES = WIDTH * HEIGHT * 4

const region = openRegion('example-video', { bytes: 2 ** 22 })
const frames = spscRing(region, 'frames', { capacityBytes: 2 ** 21, recordBytes: FRAME_BYTES }).producer()

for (let number = 0; number < 120; number++) {
  let at = frames.tryClaim(FRAME_BYTES)
  // A live camera would leave the frame out; this one waits, once a turn of the event loop.
  for (; at < 0; at = frames.tryClaim(FRAME_BYTES)) await nextTurn()
  // The pixels are written where they will be read: nothing is copied.
  frames.bytes.fill(number, at, at + FRAME_BYTES)
  frames.commit()
}
console.log(frames.written) // 120
region.close()
