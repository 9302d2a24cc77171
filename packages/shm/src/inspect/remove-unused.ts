import { checkName, defaultDirectory, REGION_SUFFIX } from '../region/directory.js'
import { nodeModule } from '../region/node-modules.js'
import type { RegionDirectory } from '../region/open-region.js'
import { whileAlone } from './while-alone.js'

/**
 * Remove a named region, whatever its version, if the system proves that no process has it open. What was in it is lost.
 * Whoever opens it meanwhile either has it, and it stays, or finds it gone. Proved by a lease of the file, on Linux only.
 *
 * @returns whether it is gone; `false` too when there was none, somebody is just looking at it, or there is no proof.
 *
 * @example
 * ```ts
 * import { openRegion } from '@ipc/shm'
 * import { removeUnused } from '@ipc/shm/inspect'
 *
 * const region = openRegion('scratch', { bytes: 4096 })
 * removeUnused('scratch') // false
 * region.close()
 * removeUnused('scratch') // true, unless another process has it open
 * ```
 */
export function removeUnused(name: string, options: RegionDirectory = {}): boolean {
  const { directory = defaultDirectory() } = options
  const { closeSync, constants, fstatSync, lstatSync, openSync, rmSync } = nodeModule('node:fs')
  const path = `${directory}/${checkName(name)}${REGION_SUFFIX}`
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    // There is none, or somebody else has it to himself at this moment.
    return false
  }
  try {
    const isGone = whileAlone(fd, (known) => {
      // Removed and made again since it was opened: then the one of that name is another.
      const isThere = lstatSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino
      if (known !== 'by lease' || !isThere) return false
      rmSync(path)
      return true
    })
    return isGone ?? false
  } finally {
    closeSync(fd)
  }
}
