import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import sirv from 'sirv'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Admission, admissionAt } from './admission.js'
import { Session } from './session.js'

/** The longest command. */
const MAX_COMMAND_BYTES = 4096
/** Pages that are open at once: each has processes of its own. */
const MAX_SESSIONS = 4

/**
 * What every answer carries. The first three make the page cross-origin isolated, and so give it `SharedArrayBuffer`; the
 * others leave nothing to load from elsewhere, and nobody to frame it.
 */
const HEADERS: Readonly<Record<string, string>> = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
}

/** Options of {@link startLabServer}. */
export interface LabServerOptions {
  /** 0 lets the system choose. */
  readonly port: number
  /** The directory of the built page. */
  readonly pageDirectory: string
  /** Hears what went wrong in this program. */
  onFailure(error: unknown): void
}

/** The lab's server at work. */
export interface LabServer {
  /** Where a browser finds it. */
  readonly address: string
  /** End all sessions and their processes; resolves when they are gone and the port is free. */
  close(): Promise<void>
}

/**
 * Serve the lab on the loopback interface: files, and a WebSocket for each page that is open.
 *
 * @throws the system's error when the port cannot be had.
 */
export async function startLabServer(options: LabServerOptions): Promise<LabServer> {
  const server = createServer()
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const admission = admissionAt(port)
  serveFiles(server, admission, options.pageDirectory)
  const sessions = acceptPages(server, admission, options.onFailure)
  return {
    address: `http://127.0.0.1:${port}/`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      await Promise.all([...sessions].map((session) => session.close()))
      server.closeAllConnections()
      await closed
    },
  }
}

function serveFiles(server: Server, { isForHere }: Admission, directory: string): void {
  const serve = sirv(directory, {
    setHeaders: (response) => {
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    },
  })
  server.on('request', (request, response) => {
    const refusal = !isForHere(request) ? 403 : request.method !== 'GET' ? 405 : undefined
    const refuse = (status: number): void => {
      response.writeHead(status, { ...HEADERS, 'Content-Type': 'text/plain; charset=utf-8' })
      response.end(STATUS_CODES[status])
    }
    if (refusal !== undefined) refuse(refusal)
    else serve(request, response, () => refuse(404))
  })
}

/** The sessions of all pages that are open. */
function acceptPages(
  server: Server,
  admission: Admission,
  onFailure: (error: unknown) => void,
): ReadonlySet<Session> {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_COMMAND_BYTES,
    perMessageDeflate: false,
  })
  const sessions = new Set<Session>()
  const open = (socket: WebSocket): void => {
    const session = new Session(socket, onFailure)
    sessions.add(session)
    // Its processes are there until then, and count.
    socket.once('close', () => void session.close().then(() => sessions.delete(session)))
  }
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (!admission.isForHere(request) || !admission.isFromHere(request)) return hangUp(socket, 403)
    if (request.url !== '/lab') return hangUp(socket, 404)
    if (sessions.size >= MAX_SESSIONS) return hangUp(socket, 503)
    sockets.handleUpgrade(request, socket, head, open)
  })
  return sessions
}

function hangUp(socket: Duplex, status: number): void {
  socket.on('error', () => {})
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
