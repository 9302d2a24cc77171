const NAP_MS = 2

/** Block this thread for a moment, so that another process can finish what it is doing. */
export function nap(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, NAP_MS)
}
