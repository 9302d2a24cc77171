/**
 * Proof of who lives: a lock for each slot of a region, which the system takes from its owner when that ends, however
 * it ends, and never before: no process id, no heartbeat and no timeout is looked at.
 */
export interface LifeLocks {
  /** Take the lock of a slot; false when somebody else has it, who lives. */
  take(slot: number): boolean
  release(slot: number): void
  /** Whether somebody else has the lock of a slot. */
  isTaken(slot: number): boolean
}
