import { isIPv4, type Socket } from 'node:net'
import type { Peer } from '@ipc/core'
import { ipv4Within } from './address.js'

/** Somebody who has connected to a listener and is no connection yet. */
export class Caller {
  /** What was accepted: under TLS, below it. */
  readonly raw: Socket
  /** To talk through. */
  socket: Socket
  /** What is known of it so far. */
  peer: Peer
  /** Callers that may be one and the same; `undefined` where that cannot be told. */
  readonly origin: string | undefined
  /** It is a connection now, or gone, or being told why not. */
  over = false
  /** End it without a word. Whoever takes charge of the socket puts its own way here. */
  drop: () => void = () => {
    this.raw.destroy()
  }

  constructor(raw: Socket, peer: Peer) {
    this.raw = raw
    this.socket = raw
    this.peer = peer
    this.origin = raw.remoteAddress === undefined ? undefined : originOf(raw.remoteAddress)
  }

  /** Names it in messages. */
  get address(): string {
    return this.peer.address ?? 'a caller'
  }
}

/** An IPv4 address, or the /64 network of an IPv6 address: whoever has one of its addresses has all of them. */
export function originOf(ip: string): string {
  const ipv4 = isIPv4(ip) ? ip : ipv4Within(ip)
  if (ipv4 !== undefined) return ipv4
  const [before = '', after = ''] = ip.toLowerCase().split('::')
  const head = before === '' ? [] : before.split(':')
  const tail = after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0')
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(':')}::/64`
}
