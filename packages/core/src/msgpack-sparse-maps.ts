/** The greatest array index: an object that has had it keeps its elements in a hash table. */
const GREATEST_INDEX = 4_294_967_294
const INDEX = /^(?:0|[1-9]\d{0,9})$/

/**
 * Turn the Maps of a decoded message into plain objects whose memory is bounded by what they hold. JavaScript engines keep
 * elements with small indices in an array: `{ 1000: null }`, five bytes as a message, would be 12 000 as an object.
 */
export function withoutMaps(value: unknown): unknown {
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = withoutMaps(value[i])
    return value
  }
  return value instanceof Map ? objectOf(value) : value
}

function objectOf(map: ReadonlyMap<unknown, unknown>): object {
  const object: Record<string, unknown> = {}
  if (isSparse(map)) {
    object[GREATEST_INDEX] = undefined
    delete object[GREATEST_INDEX]
  }
  for (const [key, entry] of map) object[String(key)] = withoutMaps(entry)
  return object
}

function isSparse(map: ReadonlyMap<unknown, unknown>): boolean {
  for (const key of map.keys()) {
    const name = String(key)
    if (INDEX.test(name) && Number(name) > 2 * map.size) return true
  }
  return false
}
