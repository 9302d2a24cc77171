import { MAX_PARTICIPANTS } from '../layout.js'
import { FileLifeLocks } from '../region/file-life-locks.js'
import { foreignError, foreignFunctions } from '../region/foreign-functions.js'

const F_SETSIG = 10
const F_SETLEASE = 1024
const F_WRLCK = 1
const F_UNLCK = 2
/** What a signal does by default that nobody waits for. */
const SIGURG = 23

/**
 * Do something while it is proved that nobody else has the file open, or mapped, in whatever namespace: by a lease of the
 * system, which only a file that is open once can have. Who opens it meanwhile is told to come again (`EWOULDBLOCK`). Where
 * there are no leases, only that nobody has a slot in it is known.
 *
 * @param fd - Of a region, and the only one of this process; open for reading.
 * @param act - Told how it is known.
 * @returns `undefined` when somebody has it.
 */
export function whileAlone<T>(fd: number, act: (known: 'by lease' | 'by slots') => T): T | undefined {
  const { fcntlNumber } = foreignFunctions()
  if (process.platform !== 'linux') return hasParticipant(fd) ? undefined : act('by slots')
  // For whoever breaks the lease; the default one would end this process.
  fcntlNumber(fd, F_SETSIG, SIGURG)
  if (fcntlNumber(fd, F_SETLEASE, F_WRLCK) !== 0) {
    if (foreignError('fcntl').code === 'EAGAIN') return undefined
    return hasParticipant(fd) ? undefined : act('by slots')
  }
  try {
    return act('by lease')
  } finally {
    fcntlNumber(fd, F_SETLEASE, F_UNLCK)
  }
}

function hasParticipant(fd: number): boolean {
  const life = new FileLifeLocks(fd)
  for (let slot = 0; slot < MAX_PARTICIPANTS; slot++) if (life.isTaken(slot)) return true
  return false
}
