/**
 * About how many bytes a message takes: structured clone does not tell. Strings count their length, bytes theirs,
 * numbers 8, other primitives 1; objects, arrays, maps, sets and the rest 8 and what they hold, keys by their length.
 * What is shared within the message counts once.
 */
export function estimateBytes(message: unknown): number {
  let bytes = 0
  const seen = new Set<object>()
  const left: unknown[] = [message]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value !== 'object' || value === null) {
      bytes += primitiveBytes(value)
    } else if (!seen.has(value)) {
      seen.add(value)
      bytes += objectBytes(value, left)
    }
  }
  return bytes
}

/** The bytes of anything but an object. */
export function primitiveBytes(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value === 'number') return 8
  if (typeof value === 'bigint') return Math.ceil(value.toString(16).length / 2)
  return 1
}

/** The bytes of the object itself; what it holds is added to `left`. */
function objectBytes(object: object, left: unknown[]): number {
  if (ArrayBuffer.isView(object) || object instanceof ArrayBuffer) return object.byteLength
  if (Array.isArray(object)) return arrayBytes(object, left)
  if (object instanceof Map) for (const [key, value] of object) left.push(key, value)
  if (object instanceof Set) for (const value of object) left.push(value)
  if (object instanceof Error) left.push(object.message, object.stack, object.cause)
  let bytes = 8
  for (const key of Object.keys(object)) {
    bytes += key.length
    left.push((object as Record<string, unknown>)[key])
  }
  return bytes
}

function arrayBytes(array: readonly unknown[], left: unknown[]): number {
  let bytes = 8
  // Holes are skipped: a sparse array takes no more than what is in it.
  array.forEach((value) => {
    if (typeof value === 'object' && value !== null) left.push(value)
    else bytes += primitiveBytes(value)
  })
  return bytes
}
