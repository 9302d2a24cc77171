/** A `MessagePort`, `Worker` or `parentPort` of `node:worker_threads`, or anything of that shape. */
export interface NodePortTarget {
  postMessage(message: unknown, transfer: never[]): unknown
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}

/** A `MessagePort` or `Worker` of the web, a dedicated worker's `self`, or anything of that shape. */
export interface WebPortTarget {
  postMessage(message: unknown, transfer: never[]): unknown
  addEventListener(type: string, listener: (event: unknown) => void): unknown
  removeEventListener(type: string, listener: (event: unknown) => void): unknown
}

/** What `mq()` takes as an address: one end of a port. The peer uses the other end. */
export type PortTarget = NodePortTarget | WebPortTarget

/** What `mqProcess()` takes as an address: a `ChildProcess` with an IPC channel, or `process` in that child. */
export interface ProcessTarget {
  readonly connected: boolean
  send?(message: never, ...rest: never[]): boolean
  on(event: string, listener: (...args: unknown[]) => void): unknown
  off(event: string, listener: (...args: unknown[]) => void): unknown
}
