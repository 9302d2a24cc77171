import { type Codec, IpcError } from '@ipc/core'
import type { ValueCells } from './value-cells.js'
import { CELL_PAYLOAD } from './value-layout.js'

/**
 * Copy and decode the latest value.
 *
 * @param what - Names the value in messages.
 * @returns `undefined` when none was set yet.
 * @throws IpcError `IPC_DECODE_FAILED`.
 */
export function readValue<T>(cells: ValueCells, codec: Codec<T>, what: string): T | undefined {
  const end = cells.read()
  if (end < 0) return undefined
  try {
    return codec.decode(cells.copy, CELL_PAYLOAD, end)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new IpcError('IPC_DECODE_FAILED', `${what} could not be decoded: ${reason}`, { cause })
  }
}
