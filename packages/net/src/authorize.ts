import type { Peer } from '@ipc/core'

/** Decides whether a listener takes a peer: option `authorize` of `net()`. */
export type Authorize = (peer: Peer) => boolean | Promise<boolean>

/** How it was decided. */
export interface Decision {
  readonly allowed: boolean
  /** What was thrown instead of an answer. */
  readonly cause: unknown
}

/** Ask; whatever is not `true`, an exception too, is a refusal. Never rejects. */
export async function decide(authorize: Authorize, peer: Peer): Promise<Decision> {
  try {
    return { allowed: (await authorize(peer)) === true, cause: undefined }
  } catch (cause) {
    return { allowed: false, cause }
  }
}
