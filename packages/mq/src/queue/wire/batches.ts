import { ByteReader } from './byte-reader.js'
import { ByteWriter } from './byte-writer.js'

/** A batch is cut when it has become this large. */
const BATCH_BYTES = 64 * 1024

const writer = new ByteWriter()

/** Some items as they travel. */
export interface EncodedBatch<T> {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly items: readonly T[]
}

/** Encode items in order, into one batch or several. Whatever is large has a batch of its own. */
export function encodeBatches<T>(
  items: readonly T[],
  write: (writer: ByteWriter, item: T) => void,
): EncodedBatch<T>[] {
  const batches: EncodedBatch<T>[] = []
  writer.clear()
  let first = 0
  let start = 0
  const cut = (end: number, next: number): void => {
    if (next > first) batches.push({ bytes: writer.slice(start, end), items: items.slice(first, next) })
    start = end
    first = next
  }
  for (let next = 0; next < items.length; next++) {
    const before = writer.length
    write(writer, items[next] as T)
    if (writer.length - start <= BATCH_BYTES) continue
    cut(before, next)
    if (writer.length - start > BATCH_BYTES) cut(writer.length, next + 1)
  }
  cut(writer.length, items.length)
  return batches
}

/** @throws RangeError | TypeError | SyntaxError when the bytes make no sense. */
export function decodeBatch<T>(bytes: Uint8Array, read: (reader: ByteReader) => T): T[] {
  const reader = new ByteReader(bytes)
  const items: T[] = []
  while (!reader.isAtEnd) items.push(read(reader))
  return items
}
