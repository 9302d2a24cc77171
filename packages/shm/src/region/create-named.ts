import { isIpcError } from '@ipc/core'
import { codeOf, fileError, NEW_SUFFIX, REGION_SUFFIX } from './directory.js'
import { lockFile } from './mapping.js'
import { nap } from './nap.js'
import { nodeModule } from './node-modules.js'
import { type CreateFileOptions, createRegionFile, type MappedRegion } from './region-file.js'

/** How long to wait for others who create the same region. */
const PATIENCE_MS = 5_000
/** There is no room if it was missing so many times with nobody seen to have it. */
const VAIN_TRIES = 5

/** What {@link createNamed} creates, and where. */
export interface NamedFile extends CreateFileOptions {
  readonly directory: string
  readonly path: string
}

/**
 * Create a region under another name and link it: nobody ever sees one that is not complete, and one creator wins. What
 * others left behind who died doing this is removed.
 *
 * @returns `undefined` when there is one of that name already.
 */
export function createNamed(file: NamedFile): MappedRegion | undefined {
  const { existsSync } = nodeModule('node:fs')
  while (true) {
    creatorsOf(file)
    // Before it takes the room for another one.
    if (isThere(file.path)) return undefined
    try {
      return createAndLink(file)
    } catch (error) {
      const code = isIpcError(error) ? codeOf(error) : undefined
      if (code === 'EEXIST' || (code === 'ENOSPC' && isThere(file.path))) return undefined
      // Taken for one left behind, in the moment before it was locked: once more.
      if (code !== 'ENOENT' || !existsSync(file.directory)) throw error
    }
  }
}

function createAndLink(file: NamedFile): MappedRegion {
  const { linkSync, rmSync } = nodeModule('node:fs')
  const { path } = file
  const unique = nodeModule('node:crypto').randomBytes(8).toString('hex')
  const unfinished = `${path}.${unique}${NEW_SUFFIX}`
  return createRegionFile(unfinished, file, {
    onFull: whenFull(file, unfinished),
    onComplete() {
      linkSync(unfinished, path)
      rmSync(unfinished, { force: true })
    },
  })
}

/**
 * There may be room for one region, and none for those of all who create it at once. Those who have met the end of the
 * room hold none, and try again one after the other, in the order of their files.
 */
function whenFull(file: NamedFile, own: string): (cause: unknown) => void {
  const start = performance.now()
  let vain = 0
  return (cause) => {
    while (true) {
      const rivals = creatorsOf(file).filter((path) => path !== own)
      const alone = rivals.length === 0 || vain === VAIN_TRIES || performance.now() - start > PATIENCE_MS
      if (alone || isThere(file.path)) throw cause
      nap()
      if (rivals.some((path) => path < own)) continue
      // One that has just come may have tried in between.
      vain = rivals.every((path) => sizeOf(path) === 0) ? vain + 1 : 0
      return
    }
  }
}

/** Files of those who are creating that region. What the dead have left, who hold the lock no more, is removed. */
function creatorsOf({ directory, path }: NamedFile): string[] {
  const { readdirSync } = nodeModule('node:fs')
  let files: string[]
  try {
    files = readdirSync(directory)
  } catch (cause) {
    throw fileError(`cannot read ${directory}`, cause)
  }
  return files
    .filter((file) => file.includes(`${REGION_SUFFIX}.`) && file.endsWith(NEW_SUFFIX))
    .map((file) => `${directory}/${file}`)
    .filter((unfinished) => !removeIfDead(unfinished) && unfinished.startsWith(`${path}.`))
}

/**
 * Remove the file of an unfinished region whose creator is dead: nobody holds its lock. With `dryRun` only find out.
 *
 * @returns whether it is gone, or would be.
 */
export function removeIfDead(path: string, dryRun: boolean = false): boolean {
  const { closeSync, constants, openSync, rmSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENOENT'
  }
  try {
    if (lockFile(fd) !== true) return false
    if (!dryRun) rmSync(path, { force: true })
    return true
  } finally {
    closeSync(fd)
  }
}

function isThere(path: string): boolean {
  return nodeModule('node:fs').lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function sizeOf(path: string): number {
  return nodeModule('node:fs').statSync(path, { throwIfNoEntry: false })?.size ?? 0
}
