import { accessSync, constants, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeScratch } from '../scratch.js'

/** Run something with a directory of its own on a disk: the scratch of a run is in memory, where fsync does nothing. */
export async function withDiskDirectory<R>(run: (directory: string) => Promise<R>): Promise<R> {
  const directory = mkdtempSync(join(parentDirectory(), `ipc-bench-${process.pid}-`))
  try {
    return await run(directory)
  } finally {
    removeScratch(directory)
  }
}

/** Where the environment says; else where temporary files outlive a restart, and so are on a disk. */
function parentDirectory(): string {
  if (process.env.TMPDIR !== undefined) return tmpdir()
  try {
    accessSync('/var/tmp', constants.W_OK)
    return '/var/tmp'
  } catch {
    return tmpdir()
  }
}
