import { defaultDirectory, fileError, isName, LOCK_SUFFIX, socketPath } from '../region/directory.js'
import { nodeModule } from '../region/node-modules.js'
import type { RegionDirectory } from '../region/open-region.js'

/** A name that `shm().listen` was called with. */
export interface ListenerInfo {
  readonly name: string
  /** Whether somebody listens. If not, the next one who does takes the name over. */
  readonly alive: boolean
  /** Process that listens, where the system tells: Linux, and none of another namespace of process ids. */
  readonly pid: number | undefined
}

/**
 * The listeners of a directory, by name; dead ones, whose files are still there, too. A listener whose lock the system shows
 * is not touched; at another one's socket it is asked whether anybody listens, and nothing is said.
 *
 * @throws IpcError `IPC_PERMISSION_DENIED`.
 *
 * @example
 * ```ts
 * import { listListeners } from '@ipc/shm/inspect'
 *
 * for (const { name, alive, pid } of await listListeners()) console.log(name, alive, pid)
 * ```
 */
export async function listListeners(options: RegionDirectory = {}): Promise<ListenerInfo[]> {
  const { directory = defaultDirectory() } = options
  const locks = locksOfSystem()
  return Promise.all(
    namesIn(directory).map(async (name) => {
      const lock = nodeModule('node:fs').lstatSync(`${directory}/${name}${LOCK_SUFFIX}`, {
        throwIfNoEntry: false,
      })
      const pid = lock === undefined ? undefined : locks.get(lock.ino)
      return { name, alive: pid !== undefined || (await isAnswered(socketPath(directory, name))), pid }
    }),
  )
}

function namesIn(directory: string): string[] {
  let files: string[]
  try {
    files = nodeModule('node:fs').readdirSync(directory)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(`cannot list ${directory}`, cause)
  }
  const names = files
    .map((file) => /^(.+)\.(?:lock|sock)$/.exec(file)?.[1] ?? '')
    .filter((name) => isName(name))
  return [...new Set(names)].sort()
}

/** Processes that hold a `flock`, by the number of the file's inode. */
function locksOfSystem(): ReadonlyMap<number, number> {
  let text = ''
  try {
    text = nodeModule('node:fs').readFileSync('/proc/locks', 'utf8')
  } catch {
    // Another system.
  }
  const found = text.matchAll(/^\d+: FLOCK +ADVISORY +WRITE (\d+) [0-9a-f]+:[0-9a-f]+:(\d+) /gm)
  return new Map([...found].map(([, pid, inode]) => [Number(inode), Number(pid)]))
}

/** Whether somebody listens at the socket: also one who is stopped. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = nodeModule('node:net').connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ENOENT' && error.code !== 'ECONNREFUSED')
    })
  })
}
