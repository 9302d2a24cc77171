import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'

/** A server of files in memory. */
export interface FileServer {
  /** Where it serves, without a slash at the end. */
  readonly origin: string
  /** Ends all connections; resolves when the port is free. */
  close(): Promise<void>
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** What makes a page cross-origin isolated, and so gives it `SharedArrayBuffer`. */
const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
}

/**
 * Serve files at a free port of this machine, `/index.html` also as `/`.
 *
 * @param files - Contents by path, which begins with a slash.
 * @param isolated - Whether every response carries the headers of cross-origin isolation.
 */
export async function serveFiles(files: ReadonlyMap<string, string>, isolated: boolean): Promise<FileServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    const path = pathname === '/' ? '/index.html' : pathname
    const content = files.get(path)
    const type = (content === undefined ? undefined : TYPES[extname(path)]) ?? 'text/plain; charset=utf-8'
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': type,
      'Cache-Control': 'no-store',
      ...(isolated ? ISOLATION : {}),
    })
    response.end(content ?? `no file ${path}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
