import type { WaitOptions } from '../connection.js'
import { IpcError } from '../errors.js'
import { checkDurationMs, startTimer } from './timer.js'

/** What a wait ended by its caller rejects with. */
export function abortedError(what: string, reason: unknown): IpcError {
  return new IpcError('IPC_ABORTED', `${what} was aborted`, { cause: reason })
}

/** One pending wait: settles once, by value, error, abort signal or time. */
export interface Wait<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/**
 * Begin a wait that also ends by `options.signal` (not aborted yet: the caller checks) and `options.timeoutMs`.
 *
 * @param what - Names the wait in error messages.
 * @param onEnd - Called when the wait ends by signal or time, before it rejects.
 */
export function startWait<T>(what: string, options: WaitOptions | undefined, onEnd: () => void): Wait<T> {
  const signal = options?.signal
  const timeoutMs = checkDurationMs('timeoutMs', options?.timeoutMs ?? Number.POSITIVE_INFINITY)
  let resolve!: (value: T) => void
  let reject!: (error: unknown) => void
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  if (signal === undefined && timeoutMs === Number.POSITIVE_INFINITY) return { promise, resolve, reject }

  const stop = (): void => {
    stopTimer()
    signal?.removeEventListener('abort', onAbort)
  }
  const end = (error: IpcError): void => {
    stop()
    onEnd()
    reject(error)
  }
  const onAbort = (): void => end(abortedError(what, signal?.reason))
  const stopTimer = startTimer(timeoutMs, () => {
    end(new IpcError('IPC_TIMEOUT', `${what} timed out after ${timeoutMs} ms`, { details: { timeoutMs } }))
  })
  signal?.addEventListener('abort', onAbort, { once: true })
  return {
    promise,
    resolve(value) {
      stop()
      resolve(value)
    },
    reject(error) {
      stop()
      reject(error)
    },
  }
}
