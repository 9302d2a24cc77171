import { nodeModule } from '../region/node-modules.js'

/** A file that a process has mapped. */
export interface MappedFile {
  readonly pid: number
  readonly path: string
  /** Whether it has no name any more. */
  readonly isUnlinked: boolean
  readonly inode: number
  /** Where it begins in the memory of the process. */
  readonly address: number
  readonly bytes: number
}

const MAPPING = /^([0-9a-f]+)-([0-9a-f]+) \S+ 00000000 \S+ (\d+) +(\/.*)$/gm
const UNLINKED = ' (deleted)'

/** Files of a directory that processes have mapped from their beginning, of those that this one may look at. Linux only. */
export function mappedFiles(directory: string): MappedFile[] {
  const { readdirSync } = nodeModule('node:fs')
  let processes: string[] = []
  try {
    processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    // Another system.
  }
  return processes.flatMap((pid) => filesOf(pid, `${directory}/`))
}

function filesOf(pid: string, prefix: string): MappedFile[] {
  let maps: string
  try {
    maps = nodeModule('node:fs').readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch {
    // It has ended, or is another user's.
    return []
  }
  if (!maps.includes(prefix)) return []
  return [...maps.matchAll(MAPPING)].flatMap(([, start = '', end = '', inode, name = '']) => {
    if (!name.startsWith(prefix)) return []
    const isUnlinked = name.endsWith(UNLINKED)
    const address = Number.parseInt(start, 16)
    return {
      pid: Number(pid),
      path: isUnlinked ? name.slice(0, -UNLINKED.length) : name,
      isUnlinked,
      inode: Number(inode),
      address,
      bytes: Number.parseInt(end, 16) - address,
    }
  })
}
