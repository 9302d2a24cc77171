import { lstatSync, readdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { defaultDirectory } from '@ipc/shm/inspect'

/** A directory of names that an application has for itself. */
export interface OtherDirectory {
  readonly directory: string
  /** Files of regions and listeners in it. */
  readonly names: number
}

const OURS = /^ipc-/
const NAME = /\.(?:region|sock)$/

/** Beside the directory that is used by default: directories of this user alone, with regions or listeners in them. */
export function otherDirectories(): OtherDirectory[] {
  const base = dirname(defaultDirectory())
  return (
    readdirSync(base)
      .map((name) => join(base, name))
      .filter((directory) => directory !== defaultDirectory() && isPrivate(directory))
      .map((directory) => ({ directory, names: namesIn(directory) }))
      // One without names may have connections, whose listener has closed.
      .filter(({ directory, names }) => names > 0 || OURS.test(basename(directory)))
  )
}

function isPrivate(directory: string): boolean {
  const found = lstatSync(directory, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
}

function namesIn(directory: string): number {
  try {
    return readdirSync(directory).filter((name) => NAME.test(name)).length
  } catch {
    // Gone meanwhile.
    return 0
  }
}
