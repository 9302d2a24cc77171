import type { Socket } from 'node:net'
import { IpcError } from '@ipc/core'

/** Longest line that is read. */
const MAX_LINE_BYTES = 4096

/** What the two sides tell each other while a connection is set up: one JSON object per line. */
export interface SetupLine {
  /** Protocol of the set-up; in the first line of each side. */
  readonly ipc?: 'shm'
  readonly version?: number
  /** The file of the region, below the directory. */
  readonly region?: string
  /** What went wrong: the code and the message of an error. */
  readonly code?: string
  readonly message?: string
}

/** Write one line. */
export function writeLine(socket: Socket, line: SetupLine): void {
  if (socket.writable) socket.write(`${JSON.stringify(line)}\n`)
}

/**
 * The next line from the peer. Reads no byte beyond it: what follows are rings of the doorbell.
 *
 * @throws IpcError `IPC_PEER_LOST` when the stream ends first; `IPC_PROTOCOL` when this is no line of ours.
 */
export function readLine(socket: Socket): Promise<SetupLine> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    const onReadable = (): void => {
      // Byte by byte: a set-up has a few hundred of them, and nothing behind the line may be taken.
      for (let byte = read(); byte !== undefined; byte = read()) {
        if (byte[0] === 10) done(() => resolve(parse(chunks)))
        else if (chunks.push(byte) > MAX_LINE_BYTES) done(() => reject(notOurs('an endless line')))
        else continue
        return
      }
    }
    const read = (): Uint8Array | undefined => (socket.read(1) as Uint8Array | null) ?? undefined
    const onClose = (): void => {
      done(() => reject(new IpcError('IPC_PEER_LOST', 'the peer is gone, in the middle of the set-up')))
    }
    const done = (settle: () => void): void => {
      socket.off('readable', onReadable)
      socket.off('close', onClose)
      try {
        settle()
      } catch (error) {
        reject(error)
      }
    }
    socket.on('readable', onReadable)
    socket.on('close', onClose)
    if (socket.destroyed) onClose()
    else onReadable()
  })
}

function parse(chunks: readonly Uint8Array[]): SetupLine {
  const text = Buffer.concat(chunks).toString()
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line === 'object' && line !== null) return line as SetupLine
  } catch {
    // Not JSON: the error below says so.
  }
  throw notOurs(text.slice(0, 40))
}

function notOurs(what: string): IpcError {
  return new IpcError(
    'IPC_PROTOCOL',
    `the peer does not speak the protocol of @ipc/shm: ${JSON.stringify(what)}`,
  )
}
