import type { IncomingMessage } from 'node:http'

/** Who may talk to the server: pages of its own origin, under the names of the loopback interface. */
export interface Admission {
  /** Whether the request names this server, and not one that a name of somebody else's leads here (DNS rebinding). */
  isForHere(request: IncomingMessage): boolean
  /** Whether a page of this server asks. WebSockets are open to pages of all origins otherwise. */
  isFromHere(request: IncomingMessage): boolean
}

/** The admission of a server that listens on that port of the loopback interface. */
export function admissionAt(port: number): Admission {
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`])
  const origins = new Set([...hosts].map((host) => `http://${host}`))
  return {
    isForHere: ({ headers }) => hosts.has(headers.host ?? ''),
    isFromHere: ({ headers }) => origins.has(headers.origin ?? ''),
  }
}
