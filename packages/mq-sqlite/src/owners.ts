/** Owners of leases that a process can have before it takes another number. */
export const OWNERS: number = 2 ** 21

/** The first owner of a process, by its number in the file; the others follow it. */
export function firstOwnerOf(process: number): number {
  return process * OWNERS
}

/** The number of the process that an owner belongs to. */
export function processOf(owner: number): number {
  return Math.floor(owner / OWNERS)
}
