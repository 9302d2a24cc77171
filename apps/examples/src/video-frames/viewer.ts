// viewer.ts
import { openRegion, removeRegion, spscRing } from '@ipc/shm'

const FRAME_BYTES = 320 * 180 * 4

const region = openRegion('example-video', { bytes: 2 ** 22 }) // whoever comes first creates it
const frames = spscRing(region, 'frames', { capacityBytes: 2 ** 21, recordBytes: FRAME_BYTES }).consumer()

let brightness = 0
while (frames.consumed < 120) {
  await frames.wait()
  // The first pixel of each frame, where it lies; it is the camera's again when `read` returns.
  frames.read((bytes, start) => {
    brightness += bytes[start] as number
  })
}
console.log(frames.consumed, brightness) // 120 7140
region.close()
removeRegion('example-video')
