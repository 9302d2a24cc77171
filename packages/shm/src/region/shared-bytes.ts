import { checkSize } from '@ipc/core/internal'
import { KIND_SHARED_BYTES, REGION_HEADER_BYTES } from '../layout.js'
import { placeObject } from './objects.js'
import { insideOf, MAX_REGION_BYTES, type Region } from './region.js'

/**
 * Raw bytes with a name, beside other objects of a region: a view and no copy, zeros when new, its start a multiple of
 * 128 in memory. Two sides that write the same place need `Atomics` or a `mutex`.
 *
 * @throws RangeError for a size that cannot be right. IpcError `IPC_PROTOCOL` when the object has another size or kind;
 * `IPC_OUT_OF_MEMORY` when the region is too small.
 *
 * @example
 * ```ts
 * import { createRegion, sharedBytes } from '@ipc/shm'
 *
 * const region = createRegion(65_536)
 * const bytes = sharedBytes(region, 'histogram', { bytes: 1024 })
 * const counts = new Int32Array(bytes.buffer, bytes.byteOffset, 256)
 * Atomics.add(counts, 7, 1)
 * ```
 */
export function sharedBytes(region: Region, name: string, { bytes }: { readonly bytes: number }): Uint8Array {
  checkSize('bytes', bytes, 1, MAX_REGION_BYTES)
  const { offset } = placeObject(insideOf(region), {
    kind: KIND_SHARED_BYTES,
    name,
    parameters: { bytes },
    defaults: {},
    bodyBytes: () => bytes,
  })
  const start = offset - REGION_HEADER_BYTES
  return region.bytes.subarray(start, start + bytes)
}
