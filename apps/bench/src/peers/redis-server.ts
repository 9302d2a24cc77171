import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * Start `redis-server`, which is found by `PATH`, at a Unix socket, without persistence unless asked for. It ends with this process.
 *
 * @returns what stops it.
 * @throws Error when it does not come up.
 */
export async function startRedisServer(
  socket: string,
  persistence: readonly string[] = ['--appendonly', 'no', '--dir', '/tmp'],
): Promise<() => void> {
  const settings = ['--port', '0', '--unixsocket', socket, '--save', '', ...persistence]
  const server = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] })
  const stop = (): void => {
    process.off('exit', stop)
    server.kill('SIGKILL')
  }
  process.on('exit', stop)
  try {
    await untilReady(server)
    return stop
  } catch (error) {
    stop()
    throw error
  }
}

/** It says so when it listens. */
function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code} before it listened`)))
    createInterface({ input: server.stdout! }).on('line', (line) => {
      if (/ready to accept connections/i.test(line)) resolve()
    })
  })
}
