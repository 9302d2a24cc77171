/** Size of the memory that messages are encoded into. */
export const SLAB_BYTES = 262_144
/** What a thread keeps for all its connections: an idle connection holds none. */
const SPARE_SLABS = 8

const spare: Buffer[] = []

/** Memory into which messages are encoded side by side. It goes back when all that lies in it has been let go. */
export class Slab {
  /** Anything may be in it. */
  readonly memory: Buffer = spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  /** Behind what was encoded. */
  end = 0
  /** Parts of a log that lie in it. */
  parts = 0

  /** Nobody reads it any more. */
  free(): void {
    if (spare.length < SPARE_SLABS) spare.push(this.memory)
  }
}
