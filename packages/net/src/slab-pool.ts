/** Size of the memory that messages are encoded into. */
export const SLAB_BYTES = 262_144
/** What a thread keeps for all its connections: an idle connection holds none. */
const SPARE_SLABS = 8

const spare: Buffer[] = []

/** Memory of {@link SLAB_BYTES}, with anything in it. */
export function takeSlab(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
}

/** Give back what nobody reads any more. */
export function giveSlab(slab: Buffer): void {
  if (spare.length < SPARE_SLABS) spare.push(slab)
}
