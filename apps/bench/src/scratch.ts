import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Make the directory of one run, for sockets and the names of shared memory: removing it removes what a killed process
 * could not. In memory where there is such a place, because regions are files.
 */
export function makeScratch(): string {
  return mkdtempSync(join(parentDirectory(), `ipc-bench-${process.pid}-`))
}

/** Remove it with everything in it. */
export function removeScratch(scratch: string): void {
  rmSync(scratch, { recursive: true, force: true })
}

function parentDirectory(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}
