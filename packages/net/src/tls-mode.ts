import type { ConnectionOptions, TLSSocket, TlsOptions as TlsServerOptions } from 'node:tls'

/** Name in TLS (ALPN), so that a certificate's other services are not taken for ours, nor we for them. */
export const ALPN_PROTOCOL = 'ipcnet'
/** No older version: in those, the secrecy of what was recorded ends with the key. */
export const TLS_VERSION = 'TLSv1.3'

/** What TLS proves about the other side. */
export interface Proof {
  /** Who it is: `Peer.identity`. `undefined` where nobody was asked to prove it. */
  readonly identity: string | undefined
  /** Why it must not be talked to, for the owner of this side only. */
  readonly refusal: string | undefined
}

/** How a transport secures `tls://` addresses: by a secret, or by certificates. */
export interface TlsMode {
  /** Of `net()`, for messages. */
  readonly option: 'secret' | 'tls'
  /**
   * What `tls.connect` needs to reach `host`.
   *
   * @throws TypeError when this transport cannot dial.
   */
  dialing(host: string): ConnectionOptions
  /**
   * What a server needs.
   *
   * @throws TypeError when this transport cannot listen.
   */
  listening(): TlsServerOptions
  /** Judge the listener that `socket` has reached. */
  proveListener(socket: TLSSocket): Proof
  /** Judge the dialer behind `socket`. */
  proveDialer(socket: TLSSocket): Proof
  /** Who the dialer behind `socket` claims to be, proven or not: for messages. */
  claimedBy(socket: TLSSocket): string | undefined
  /** What to do when the other side turned this side's proof down. */
  readonly advice: string
}

/** Nobody, and nothing against it. */
export const ANYONE: Proof = { identity: undefined, refusal: undefined }

/** It is `identity`. */
export function proven(identity: string): Proof {
  return { identity, refusal: undefined }
}

/** Do not talk to it. */
export function refused(refusal: string): Proof {
  return { identity: undefined, refusal }
}
