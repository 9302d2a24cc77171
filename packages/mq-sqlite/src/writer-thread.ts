import { parentPort, workerData } from 'node:worker_threads'
import { isIpcError } from '@ipc/core'
import { write } from './writer.js'

if (parentPort !== null) {
  const port = parentPort
  const { directory } = workerData as { readonly directory: string }
  write(port, directory).catch((error: unknown) => {
    if (!isIpcError(error)) throw error
    port.postMessage({ error: error.toJSON() })
    port.close()
  })
}
