/**
 * A value that one side sets and many get: cells that are written in turn, and a version that says which is the latest.
 *
 * ```
 * value      0 version | 4 ... 63 reserved | 64 event: changed
 *          128 cells: 4 of them, each a multiple of 64 bytes
 *
 * cell       0 payload bytes | 4 reserved | 8 payload
 * ```
 */
export const VALUE_VERSION = 0
export const VALUE_CHANGED_EVENT = 64
export const VALUE_CELLS = 128

/** A power of two. With 4, the writer has to set three more values before it touches the cell that a reader copies. */
export const CELLS = 4
export const CELL_LENGTH = 0
export const CELL_PAYLOAD = 8

/** Bytes of one cell. */
export function cellBytes(maxBytes: number): number {
  return (CELL_PAYLOAD + maxBytes + 63) & -64
}

/** Bytes of a value. */
export function valueBytes(maxBytes: number): number {
  return VALUE_CELLS + CELLS * cellBytes(maxBytes)
}
