import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { execute } from '../../src/execute.js'
import type { Projects } from '../../src/projects.js'

/** Nothing can be written below / but in /dev/shm, or not even there. Nobody else sees these mounts. */
const READ_ONLY_ROOT = 'mount --make-rprivate / && mount -o remount,bind,ro /'
const READ_ONLY_SHM = 'mount --bind /dev/shm /dev/shm && mount -o remount,bind,ro /dev/shm'
const WRAPPER = `await import('./program.mjs').catch(({ code, message }) => console.log(code, message))\n`

const WORKS = /^42$/

const CASES: readonly (readonly [name: string, mounts: string, said: RegExp])[] = [
  ['@ipc/core', READ_ONLY_ROOT, WORKS],
  ['@ipc/mq', READ_ONLY_ROOT, WORKS],
  ['@ipc/net', READ_ONLY_ROOT, WORKS],
  ['@ipc/shm', READ_ONLY_ROOT, WORKS],
  ['@ipc/mq-sqlite', READ_ONLY_ROOT, /^IPC_PERMISSION_DENIED .*is read-only/],
  ['@ipc/shm', `${READ_ONLY_ROOT} && ${READ_ONLY_SHM}`, /^IPC_PERMISSION_DENIED .*read-only.*tmpfs/],
]

/** Why no file system can be made read-only for one process here; `undefined` where that can be done. */
async function obstacle(): Promise<string | undefined> {
  return execute('unshare', ['--mount', 'sh', '-c', READ_ONLY_ROOT], { cwd: '/' }).then(
    () => undefined,
    (error: Error) => `only root on Linux may: ${error.message}`,
  )
}

const OBSTACLE = await obstacle()

/** What each package does in a container with a read-only root file system. */
export function describeReadOnlyRoot(projects: () => Projects): void {
  describe.runIf(OBSTACLE === undefined)('a read-only root file system', () => {
    test.each(CASES)('%s after %s', async (name, mounts, said) => {
      const cwd = projects().folderOf(name)
      await writeFile(join(cwd, 'mounted.mjs'), WRAPPER)
      const command = `${mounts} && exec "${process.execPath}" --no-warnings mounted.mjs`
      expect(await execute('unshare', ['--mount', 'sh', '-c', command], { cwd })).toMatch(said)
    })
  })

  describe.runIf(OBSTACLE !== undefined)('where no file system can be made read-only', () => {
    test('nothing is tested, and this is why', () => expect(OBSTACLE).toContain('only root on Linux may'))
  })
}
