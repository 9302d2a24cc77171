import type { Link } from './link.js'

/** Every system that the cases of sockets measure, loaded only by the sides of its own measurements. */
const LINKS = {
  'ours/tcp': async () => (await import('./connection-link.js')).tcpLink,
  'ours/tcp-no-resume': async () => (await import('./connection-link.js')).tcpNoResumeLink,
  'ours/unix': async () => (await import('./connection-link.js')).unixLink,
  'ours/tls': async () => (await import('./connection-link.js')).tlsLink,
  'raw/tcp': async () => (await import('../peers/raw-socket.js')).rawTcp,
  'raw/unix': async () => (await import('../peers/raw-socket.js')).rawUnix,
  'raw/tls': async () => (await import('../peers/raw-tls.js')).rawTls,
  zeromq: async () => (await import('../peers/zeromq.js')).zeromqTcp,
  ws: async () => (await import('../peers/websocket.js')).websocket,
  'node-ipc': async () => (await import('../peers/node-ipc.js')).nodeIpcUnix,
  nats: async () => (await import('../peers/nats.js')).natsCore,
} satisfies Readonly<Record<string, () => Promise<Link>>>

/** Names a system. */
export type LinkName = keyof typeof LINKS

/** The system of that name. */
export function loadLink(name: LinkName): Promise<Link> {
  return LINKS[name]()
}
