import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A server of its own for one measurement, on a port that the system chose. */
export interface NatsServer {
  readonly url: string
  stop(): void
}

/**
 * Start `nats-server`, which is found by `PATH`. It ends with this process.
 *
 * @throws Error when it does not come up.
 */
export async function startNatsServer(args: readonly string[] = []): Promise<NatsServer> {
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const stop = (): void => {
    process.off('exit', stop)
    server.kill('SIGKILL')
  }
  process.on('exit', stop)
  try {
    return { url: await urlOf(server), stop }
  } catch (error) {
    stop()
    throw error
  }
}

/** It says so when it listens. */
function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`nats-server ended with ${code} before it listened`)))
    createInterface({ input: server.stderr! }).on('line', (line) => {
      const address = /Listening for client connections on (\S+)/.exec(line)?.[1]
      if (address !== undefined) resolve(`nats://${address}`)
    })
  })
}
