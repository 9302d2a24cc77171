import { isIpcError } from '@ipc/core'
import {
  MAX_PARTICIPANTS,
  OBJECTS,
  OBJECTS_FIRST,
  OBJECTS_PARTICIPANTS,
  OBJECTS_STATE,
  PARTICIPANT_BYTES,
  PARTICIPANT_STATE,
  REGION_HEADER_BYTES,
  SLOT_FREE,
} from '../layout.js'
import { removeIfDead } from '../region/create-named.js'
import {
  BELL_SUFFIX,
  defaultDirectory,
  fileError,
  LOCK_SUFFIX,
  NEW_SUFFIX,
  REGION_SUFFIX,
  userId,
} from '../region/directory.js'
import { lockName } from '../region/name-lock.js'
import { nodeModule } from '../region/node-modules.js'
import type { RegionDirectory } from '../region/open-region.js'
import { readHeader } from '../region/region-header.js'
import { isDeadBell } from '../wait/bell.js'
import { listListeners } from './list-listeners.js'
import { whileAlone } from './while-alone.js'

/** Options of {@link removeDead}. */
export interface RemoveDeadOptions extends RegionDirectory {
  /**
   * Find, and remove nothing.
   *
   * @default false
   */
  readonly dryRun?: boolean | undefined
  /**
   * Regions that nobody has open go even if all who used them left in order: such a region may be meant to stay, with
   * what is in it.
   *
   * @default false
   */
  readonly unused?: boolean | undefined
}

/** Something that somebody left behind who is dead. */
export interface DeadFile {
  readonly what: 'region' | 'unfinished region' | 'listener' | 'doorbell'
  /** Of the region or listener; of others the name of the file. */
  readonly name: string
  readonly path: string
  /** Memory that is free without it. */
  readonly bytes: number
  /** How it is known. */
  readonly proof: string
}

/**
 * Remove from a directory what is provably dead, and of this user. The system proves it: by the locks that a dead process
 * cannot have and a stopped one keeps, or by the refusal of a pipe that nobody reads. No process id, time or silence is
 * looked at.
 *
 * A region goes when somebody who used its objects has died or ended without closing it, and nobody has it open now. What
 * was in it is lost. Listeners, doorbells and unfinished regions would be removed by the next one who finds them anyway.
 *
 * @returns what is gone; with `dryRun`, what would be.
 * @throws IpcError `IPC_PERMISSION_DENIED`.
 *
 * @example
 * ```ts
 * import { removeDead } from '@ipc/shm/inspect'
 *
 * for (const { what, name, bytes } of await removeDead()) console.log(what, name, bytes)
 * ```
 */
export async function removeDead(options: RemoveDeadOptions = {}): Promise<DeadFile[]> {
  const { directory = defaultDirectory(), dryRun = false, unused = false } = options
  const found: DeadFile[] = []
  for (const name of filesIn(directory)) {
    const path = `${directory}/${name}`
    if (!isOwn(path)) continue
    if (name.endsWith(REGION_SUFFIX)) found.push(...deadRegion(path, { dryRun, unused }))
    else found.push(...deadFile(name, path, dryRun))
  }
  for (const { name, alive } of await listListeners({ directory })) {
    if (!alive && (dryRun || freeName(directory, name))) found.push(deadListener(directory, name))
  }
  return found
}

/** One of the files that live as long as a process: it goes if that one is dead. */
function deadFile(name: string, path: string, dryRun: boolean): DeadFile[] {
  const { rmSync, statSync } = nodeModule('node:fs')
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (name.endsWith(BELL_SUFFIX) || name.endsWith(BELL_SUFFIX + NEW_SUFFIX)) {
    if (!isDeadBell(path)) return []
    if (!dryRun) rmSync(path, { force: true })
    return [{ what: 'doorbell', name, path, bytes, proof: 'nobody reads the pipe' }]
  }
  const isUnfinished = name.includes(`${REGION_SUFFIX}.`) && name.endsWith(NEW_SUFFIX)
  if (!isUnfinished || !removeIfDead(path, dryRun)) return []
  return [{ what: 'unfinished region', name, path, bytes, proof: 'its creator holds the lock no more' }]
}

function deadRegion(
  path: string,
  options: { readonly dryRun: boolean; readonly unused: boolean },
): DeadFile[] {
  const { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } = nodeModule('node:fs')
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    // Somebody else has just removed it, or has it to himself.
    return []
  }
  try {
    if (!isRegion(fd, path)) return []
    const found = whileAlone(fd, (known) => {
      const dead = slotsInUse(fd)
      // Removed and made again since it was opened: then this one has no name.
      const isThere = lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino
      // Who uses bytes only has no slot, and would be seen by a lease alone.
      const isUnused = options.unused && known === 'by lease'
      if (!isThere || (dead === 0 && !isUnused)) return []
      if (!options.dryRun) rmSync(path)
      const name = path.slice(path.lastIndexOf('/') + 1, -REGION_SUFFIX.length)
      const users = dead === 0 ? 'all left in order' : `${dead} ended without leaving`
      const proof = known === 'by lease' ? `nobody has it open, ${users}` : `nobody has a slot, ${users}`
      return [{ what: 'region' as const, name, path, bytes: fstatSync(fd).size, proof }]
    })
    return found ?? []
  } finally {
    closeSync(fd)
  }
}

/** Slots whose owners did not give them back. While nobody has the region open they are those of the dead. */
function slotsInUse(fd: number): number {
  const { readSync } = nodeModule('node:fs')
  const words = new Int32Array(OBJECTS_FIRST / 4)
  const read = readSync(fd, words, 0, words.byteLength, REGION_HEADER_BYTES)
  if (read < words.byteLength || words[OBJECTS_STATE >> 2] !== OBJECTS) return 0
  let inUse = 0
  for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) {
    const state = words[(OBJECTS_PARTICIPANTS + slot * PARTICIPANT_BYTES + PARTICIPANT_STATE) >> 2]
    if (state !== SLOT_FREE) inUse++
  }
  return inUse
}

function isRegion(fd: number, path: string): boolean {
  const { fstatSync, readSync } = nodeModule('node:fs')
  const header = new Uint8Array(REGION_HEADER_BYTES)
  try {
    readSync(fd, header, 0, header.length, 0)
    readHeader(header.buffer, path, {}, fstatSync(fd).size)
    return true
  } catch {
    // No file, or of another version, whose rules are not known here.
    return false
  }
}

/** Remove what a dead listener left. Returns false when somebody has taken the name meanwhile. */
function freeName(directory: string, name: string): boolean {
  try {
    lockName(directory, name)()
    return true
  } catch (error) {
    if (isIpcError(error)) return false
    throw error
  }
}

function deadListener(directory: string, name: string): DeadFile {
  const path = `${directory}/${name}${LOCK_SUFFIX}`
  return { what: 'listener', name, path, bytes: 0, proof: 'nobody holds the lock, or answers at the socket' }
}

function filesIn(directory: string): string[] {
  try {
    return nodeModule('node:fs').readdirSync(directory).sort()
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(`cannot list ${directory}`, cause)
  }
}

function isOwn(path: string): boolean {
  return nodeModule('node:fs').lstatSync(path, { throwIfNoEntry: false })?.uid === userId()
}
