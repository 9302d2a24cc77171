import { type Figure, WARM_UP_SECONDS } from './bench-case.js'
import { sharedMicros } from './clock.js'
import { type FarPlace, meetFars, meetNear, type NearPlace } from './pair/pair.js'

/** What goes one way, and through what. */
export interface OneWayShape {
  readonly messageBytes: number
  /** Messages that become visible to the receiver at once. */
  readonly batch: number
  /** Of the ring, or what may be under way. */
  readonly capacityBytes: number
}

/** The sending half of a system. */
export interface OneWaySender {
  /** Send a message; the last of a batch makes all of it visible. Waits, by spinning, while there is no room. */
  put(number: number, last: boolean): void
  /** Say that no more follow. */
  end(count: number): void
}

/** The sending half of a system that needs the event loop to move. */
export interface AsyncOneWaySender {
  /** Returns false when there is enough under way: then nothing more before `drained`. */
  put(number: number, last: boolean): boolean
  drained(): Promise<void>
  end(count: number): void
}

/** Bytes between two looks at the clock. */
export const STRIDE_BYTES = 65536

/** Send for some time, whole batches only; returns how many. */
export function sendFor(seconds: number, { messageBytes, batch }: OneWayShape, sender: OneWaySender): number {
  const until = performance.now() + seconds * 1000
  const batches = Math.max(1, STRIDE_BYTES / (messageBytes * batch))
  let number = 0
  do {
    for (let i = 0; i < batches; i++) {
      for (let staged = 1; staged < batch; staged++) sender.put(number++, false)
      sender.put(number++, true)
    }
  } while (performance.now() < until)
  sender.end(number)
  return number
}

/** As {@link sendFor}, with the event loop going on. */
export async function sendForAsync(
  seconds: number,
  { messageBytes, batch }: OneWayShape,
  sender: AsyncOneWaySender,
  strideBytes: number = STRIDE_BYTES,
): Promise<number> {
  const until = performance.now() + seconds * 1000
  const stride = Math.max(batch, strideBytes / messageBytes)
  let number = 0
  do {
    for (let i = 1; i <= stride; i++) {
      if (!sender.put(number++, i % batch === 0)) await sender.drained()
    }
  } while (performance.now() < until)
  sender.end(number)
  return number
}

/** The near side: warm up, then measure from the first message until the receiver has seen the last. */
export async function measureOneWay(
  place: NearPlace,
  send: (seconds: number) => number | Promise<number>,
): Promise<readonly Figure[]> {
  await meetFars(place)
  await send(WARM_UP_SECONDS)
  await meetFars(place)
  const start = sharedMicros()
  const count = await send(place.seconds)
  const end = (await place.fars[0]!.control.hear()) as number
  return [{ metric: 'rate', value: count / ((end - start) / 1e6), unit: 'messages/s' }]
}

/** The far side: `receive` takes all messages until there are no more. */
export async function receiveOneWay(place: FarPlace, receive: () => void | Promise<void>): Promise<void> {
  await meetNear(place)
  await receive()
  await meetNear(place)
  await receive()
  place.control.tell(sharedMicros())
}
