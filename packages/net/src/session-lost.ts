import { IpcError, type IpcErrorCode } from '@ipc/core'

/** Messages of a connection, counted from 0 in the order of `send`: from the first to the last of them. */
interface Range {
  readonly from: number
  readonly to: number
}

/** What became of the messages of a connection that ends with its session. */
export interface Fates {
  /** Accepted by the peer: all before this one. */
  readonly delivered: number
  /** Were under way: the peer may have them or not. `undefined` if none. */
  readonly unknown: Range | undefined
  /** Were not sent. `undefined` if none. */
  readonly unsent: Range | undefined
}

/** The end of a session, with the fate of every message in `details`. */
export function sessionLostError(
  code: IpcErrorCode,
  why: string,
  {
    acknowledged,
    taken,
    all,
  }: { readonly acknowledged: number; readonly taken: number; readonly all: number },
  cause?: unknown,
): IpcError {
  const fates: Fates = {
    delivered: acknowledged,
    unknown: taken > acknowledged ? { from: acknowledged, to: taken - 1 } : undefined,
    unsent: all > taken ? { from: taken, to: all - 1 } : undefined,
  }
  const counts = `${taken - acknowledged} messages may have arrived or not, ${all - taken} were not sent`
  return new IpcError(code, `${why}: ${counts}`, { cause, details: { ...fates } })
}
