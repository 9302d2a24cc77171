import { IpcError } from '@ipc/core'

/** The largest message of a connection: the smaller of what either side wants. */
export interface MessageLimit {
  readonly maxMessageBytes: number
  /**
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE` when a message of `bytes` is too large.
   */
  check(bytes: number): void
}

/** The limit of a connection whose sides have these. */
export function messageLimit(own: number, peers: number): MessageLimit {
  const maxMessageBytes = Math.min(own, peers)
  const whose = peers < own ? "the peer's maxMessageBytes" : 'maxMessageBytes'
  return {
    maxMessageBytes,
    check(bytes) {
      if (bytes <= maxMessageBytes) return
      throw new IpcError(
        'IPC_MESSAGE_TOO_LARGE',
        `message of ${bytes} bytes exceeds ${whose} of ${maxMessageBytes}`,
        {
          details: { bytes, maxMessageBytes },
        },
      )
    },
  }
}
