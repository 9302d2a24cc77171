const prototype: object = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array.prototype)

/** `'Uint8Array'`, `'Float64Array'`, ... whatever the subclass or realm; `undefined` for anything else. */
export const kindOfTypedArray: (this: unknown) => string | undefined = Object.getOwnPropertyDescriptor(
  prototype,
  Symbol.toStringTag,
)!.get!

/** Whether the memory under a view is gone: detached, or shrunk away. Such a view looks like an empty one. */
export function isDetached(view: Uint8Array): boolean {
  if (view.byteLength > 0) return false
  try {
    view.keys()
    return false
  } catch {
    return true
  }
}

/** The bytes of `source[start, end)` in a plain Uint8Array with a buffer of its own. */
export function copyBytes(source: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
  // Faster, but a Buffer's slice() shares its memory, and that of another subclass gives an instance of it.
  if (Object.getPrototypeOf(source) === Uint8Array.prototype) return source.slice(start, end)
  return new Uint8Array(source.subarray(start, end))
}

/** Whether the memory of typed arrays is laid out as on the wire. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1
