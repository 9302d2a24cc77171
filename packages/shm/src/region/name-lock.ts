import { IpcError } from '@ipc/core'
import { fileError, LOCK_SUFFIX, PAIR_SUFFIX, socketPath } from './directory.js'
import { lockFile } from './mapping.js'
import { nodeModule } from './node-modules.js'

/**
 * Own a name, until the release or the death of this process: the lock of a file proves both, so no process id is
 * guessed at and no dead owner is in the way. What a dead owner left behind is removed.
 *
 * @returns what releases it.
 * @throws IpcError `IPC_ADDRESS_IN_USE` when a living owner has it.
 */
export function lockName(directory: string, name: string): () => void {
  const { closeSync, fstatSync, openSync, statSync, unlinkSync } = nodeModule('node:fs')
  const path = `${directory}/${name}${LOCK_SUFFIX}`
  while (true) {
    let fd: number
    try {
      fd = openSync(path, 'a', 0o600)
    } catch (cause) {
      throw fileError(`cannot lock ${name}`, cause)
    }
    if (!lockFile(fd)) {
      closeSync(fd)
      throw new IpcError('IPC_ADDRESS_IN_USE', `somebody listens on ${name} already`, { details: { name } })
    }
    // The last owner may have removed the file between open and lock: then this is the lock of nothing.
    if (fstatSync(fd).ino === statSync(path, { throwIfNoEntry: false })?.ino) {
      removeLeftovers(directory, name)
      return () => {
        removeLeftovers(directory, name)
        unlinkSync(path)
        closeSync(fd)
      }
    }
    closeSync(fd)
  }
}

/** Files that only the owner of the name makes. Regions in use need no file: they are unlinked when attached. */
function removeLeftovers(directory: string, name: string): void {
  const { readdirSync, rmSync } = nodeModule('node:fs')
  rmSync(socketPath(directory, name), { force: true })
  for (const file of readdirSync(directory)) {
    if (file.startsWith(`${name}.`) && isPairOf(file, name)) rmSync(`${directory}/${file}`, { force: true })
  }
}

/** `name.<16 hex digits>.pair`: another name may begin like this one. */
function isPairOf(file: string, name: string): boolean {
  return new RegExp(`^\\.[0-9a-f]{16}\\${PAIR_SUFFIX}$`).test(file.slice(name.length))
}
