import { IpcError } from '../errors.js'

/** The error that a peer reported, in the form of {@link IpcError.toJSON}; or that it cannot be read. */
export function errorFrom(json: unknown, who: string): IpcError {
  try {
    return IpcError.fromJSON(json as never)
  } catch (cause) {
    return new IpcError('IPC_REMOTE_FAILED', `${who} reported a failure that cannot be read`, { cause })
  }
}
