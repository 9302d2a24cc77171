import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openInBrowser from 'open'
import { InputError } from '../../input-error.js'
import type { LabOptions } from '../lab-options.js'
import { startLabServer } from './lab-server.js'

/** The build puts the page beside the program. */
const PAGE = fileURLToPath(new URL('./page/', import.meta.url))

/**
 * Serve the lab until `signal` aborts; resolves when all its processes are gone.
 *
 * @throws InputError when the port cannot be had.
 */
export async function runLab({ port, open }: LabOptions, signal: AbortSignal): Promise<void> {
  if (!existsSync(PAGE)) throw new Error(`the page is not built: ${PAGE} is missing`)
  const server = await startLabServer({ port, pageDirectory: PAGE, onFailure: complain }).catch((error) => {
    throw portError(port, error)
  })
  process.stdout.write(`The lab is at ${server.address}\n`)
  process.stderr.write('Ctrl-C ends it, and every process that it has started.\n')
  if (open) await openInBrowser(server.address)
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await server.close()
  signal.throwIfAborted()
}

function complain(error: unknown): void {
  process.stderr.write(`demo: ${error instanceof Error ? error.stack : String(error)}\n`)
}

function portError(port: number, error: NodeJS.ErrnoException): Error {
  if (error.code === 'EADDRINUSE')
    return new InputError(`port ${port} is in use: choose another one with --port`)
  if (error.code === 'EACCES') return new InputError(`port ${port} is not for this user: choose another one`)
  return error
}
