import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isIpcError } from '@ipc/core'
import { openRegion, type ReadOnlyRegion } from '@ipc/shm'
import type { Statement } from './statement.js'

const NAME = 'private'
const REGION_BYTES = 4096
const WRITTEN = 1234
/** No user of this number exists on most systems; where one does, it is `nobody`. */
const STRANGER = 65_534

let readOnly: ReadOnlyRegion | undefined

/** What both processes do. */
export const roles = {
  create(directory: string): void {
    const { bytes } = openRegion(NAME, { directory, bytes: REGION_BYTES })
    new Int32Array(bytes.buffer, bytes.byteOffset, 1)[0] = WRITTEN
  },

  /** Attach for reading only: what is read, whether there is any way to write, and how the system maps it. */
  attachReadOnly(directory: string): { number: number; writers: string[]; mapping: string | undefined } {
    readOnly = openRegion(NAME, { directory, access: 'read-only' })
    const writers = ['buffer', 'set', 'write', 'fill'].filter((member) => member in readOnly!)
    return { number: readOnly.loadInt32(0), writers, mapping: mappingOf(join(directory, `${NAME}.region`)) }
  },

  /** From now on be another user; what was loaded before stays. */
  becomeStranger(directory: string): void {
    openRegion('first', { directory: join(directory, 'first'), bytes: 8 }).close()
    process.setgroups!([])
    process.setgid!(STRANGER)
    process.setuid!(STRANGER)
  },

  /** The code with which attaching fails, and that of reading the file without this toolkit. */
  tryToAttach(directory: string): { attach: string; file: string } {
    let file = 'was read'
    try {
      readFileSync(join(directory, `${NAME}.region`))
    } catch (error) {
      file = (error as NodeJS.ErrnoException).code ?? 'failed'
    }
    try {
      openRegion(NAME, { directory }).close()
      return { attach: 'attached', file }
    } catch (error) {
      return { attach: isIpcError(error) ? error.code : String(error), file }
    }
  },
}

/** Permissions of the mapping of this file in this process, as Linux tells them: `r--s`. */
function mappingOf(file: string): string | undefined {
  if (process.platform !== 'linux') return undefined
  const line = readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((mapping) => mapping.endsWith(file))
  return line?.split(' ')[1]
}

export const statement: Statement = {
  number: 7,
  title:
    'Memory protection is an issue of the shared model: who may attach, and who may write, has to be settled.',
  async measure({ scratch, start }) {
    const owner = await start<typeof roles>('protection')
    await owner.call('create', scratch)
    const mode = (statSync(join(scratch, `${NAME}.region`)).mode & 0o777).toString(8).padStart(4, '0')
    const reader = await start<typeof roles>('protection')
    const { number, writers, mapping } = await reader.call('attachReadOnly', scratch)
    const asRoot = process.getuid?.() === 0
    let refused: { attach: string; file: string } | undefined
    if (asRoot) {
      const stranger = await start<typeof roles>('protection')
      await stranger.call('becomeStranger', scratch)
      refused = await stranger.call('tryToAttach', scratch)
    }
    const mapped = mapping === undefined || mapping.startsWith('r--')
    return {
      shown:
        mode === '0600' &&
        number === WRITTEN &&
        writers.length === 0 &&
        mapped &&
        (refused === undefined || (refused.attach === 'IPC_PERMISSION_DENIED' && refused.file === 'EACCES')),
      figure:
        `mode ${mode}; attached read-only: ${mapping === undefined ? 'no way to write' : `mapped ${mapping}`}; ` +
        (refused === undefined
          ? 'another user was not tried, which takes root'
          : `another user: ${refused.attach} from the toolkit, ${refused.file} from the file system`),
      how:
        'One process created a region, a second one attached it read-only and read it' +
        (asRoot ? `, a third one became user ${STRANGER} and tried to attach it.` : '.'),
      measurements: [],
    }
  },
}
