import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/**
 * Start `redis-server`, which is found by `PATH`, without persistence, at a Unix socket. It ends with this process.
 *
 * @returns what stops it.
 * @throws Error when it does not come up.
 */
export async function startRedisServer(socket: string): Promise<() => void> {
  const settings = [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    '/tmp',
  ]
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
