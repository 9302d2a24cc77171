import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { isIpcError, mutex, openRegion, removeRegion } from '@ipc/shm'
import { type DeadFile, inspectRegion, removeDead } from '@ipc/shm/inspect'
import { bytesOf } from '../render/figures.js'
import type { Check, Finding } from './findings.js'

const MIB = 2 ** 20
/** What containers have unless told otherwise. */
const CONTAINER_BYTES = 64 * MIB
const TIGHT_BYTES = 16 * MIB
const TMPFS = 0x01021994
/** The longest path of a Unix socket, less the longest name of a listener. */
const LONGEST_DIRECTORY = 103 - '/.sock'.length - 64

/** Shared memory by trying it: memory, foreign functions and locks, in a directory of its own. */
export const checkSharedMemory: Check = ({ directory }) => {
  const check = 'shared memory'
  const base = existsSync(dirname(directory)) ? dirname(directory) : directory
  let scratch: string | undefined
  try {
    scratch = mkdtempSync(join(base, 'ipc-doctor-'))
    const region = openRegion('try', { bytes: 65_536, directory: scratch, exclusive: true })
    mutex(region, 'lock').lockSync().unlock()
    const inspection = inspectRegion('try', { directory: scratch })
    const isAlive = inspection.snapshot().participants.some(({ alive }) => alive)
    inspection.close()
    region.close()
    removeRegion('try', { directory: scratch })
    return [
      isAlive
        ? { check, status: 'ok', found: 'regions, locks and the proof of life work' }
        : {
            check,
            status: 'fail',
            found: 'locks of open files do not tell who lives',
            todo: 'use a local tmpfs',
          },
    ]
  } catch (error) {
    return [{ check, status: 'fail', found: (error as Error).message, todo: todoFor(error) }]
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true })
  }
}

function todoFor(error: unknown): string {
  if (isIpcError(error, 'IPC_NOT_SUPPORTED')) {
    return 'install with optional dependencies, for koffi: npm install @ipc/shm; or use @ipc/net between processes'
  }
  if (isIpcError(error, 'IPC_OUT_OF_MEMORY')) return 'make room: ipc gc, or a larger /dev/shm'
  return 'see who may write there: ls -ld /dev/shm'
}

/** Where the names live: whose it is, how large, and how much is left. */
export const checkDirectory: Check = ({ directory }) => {
  const findings: Finding[] = []
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (found !== undefined) {
    const mode = `0${(found.mode & 0o777).toString(8)}`
    const isOwn = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0
    findings.push(
      isOwn
        ? { check: 'directory', status: 'ok', found: `${directory}, mode ${mode}` }
        : {
            check: 'directory',
            status: 'fail',
            found: `${directory} is of user ${found.uid}, mode ${mode}`,
            todo: `it must be this user's alone: chmod 700 ${directory}, or remove it`,
          },
    )
  } else findings.push({ check: 'directory', status: 'ok', found: `${directory} is not there yet` })
  if (Buffer.byteLength(directory) > LONGEST_DIRECTORY) {
    findings.push({
      check: 'socket paths',
      status: 'warn',
      found: `${directory} is so long that listeners may not have names of 64 characters`,
      todo: 'use a shorter directory',
    })
  }
  return [...findings, ...room(found === undefined ? dirname(directory) : directory)]
}

function room(path: string): Finding[] {
  const { type, bsize, blocks, bavail } = statfsSync(path)
  const size = blocks * bsize
  const free = bavail * bsize
  const found = `${bytesOf(free)} free of ${bytesOf(size)}`
  const check = 'tmpfs'
  if (process.platform === 'linux' && type !== TMPFS) {
    return [
      {
        check,
        status: 'warn',
        found: `${path} is no tmpfs: what is written there may go to a disk`,
        todo: 'mount a tmpfs at /dev/shm',
      },
    ]
  }
  if (free < TIGHT_BYTES) return [{ check, status: 'warn', found, todo: 'ipc gc, or a larger one' }]
  if (size > CONTAINER_BYTES) return [{ check, status: 'ok', found }]
  const todo = 'in Docker --shm-size=1g, in Kubernetes an emptyDir of medium Memory at /dev/shm'
  return [{ check, status: 'warn', found: `${found}: what containers have by default`, todo }]
}

/** What others have left who are dead. */
export const checkStale: Check = async ({ directory }) => {
  const check = 'left by the dead'
  let dead: readonly DeadFile[]
  try {
    dead = await removeDead({ directory, dryRun: true })
  } catch (error) {
    // What does not work here was said before.
    if (isIpcError(error)) return [{ check, status: 'info', found: error.message }]
    throw error
  }
  if (dead.length === 0) return [{ check, status: 'ok', found: 'nothing' }]
  const bytes = dead.reduce((sum, file) => sum + file.bytes, 0)
  const counts = new Map<string, number>()
  for (const { what } of dead) counts.set(what, (counts.get(what) ?? 0) + 1)
  const kinds = [...counts].map(([what, count]) => `${count} × ${what}`)
  return [{ check, status: 'warn', found: `${kinds.join(', ')}, ${bytesOf(bytes)}`, todo: 'ipc gc' }]
}

/** Who else may remove files from /dev/shm. */
export const checkRemoval: Check = () => {
  let settings: string
  try {
    settings = readFileSync('/etc/systemd/logind.conf', 'utf8')
  } catch {
    return []
  }
  const setting = /^\s*RemoveIPC\s*=\s*(\S+)/m.exec(settings)?.[1] ?? 'yes'
  // Users of the system are left alone.
  if (/^(?:no|false|0)$/i.test(setting) || userInfo().uid < 1000) return []
  return [
    {
      check: 'removal',
      status: 'info',
      found: "systemd removes this user's files in /dev/shm when its last session ends",
      todo: 'for services: RemoveIPC=no in /etc/systemd/logind.conf, or a user of the system',
    },
  ]
}
