import { beforeAll, describe, expect, test } from 'vitest'
import type { Projects } from '../../src/projects.js'
import { type Size, sizeOfImports } from '../../src/size-of.js'
import { kib, tableOf } from '../../src/table-of.js'

/** Its project has the packages that are measured. */
const PROJECT = '@ipc/mq-sqlite'
const KIB = 1024

interface Measured {
  /** What a page uses. */
  readonly what: string
  /** The statement by which it does. */
  readonly imports: string
  /** Packages that are not counted: each has its own row, or is not ours. */
  readonly external: readonly string[]
  /** More than this is a regression. */
  readonly maxGzipBytes: number
}

const OF_OTHERS = ['msgpackr', 'koffi']
const OF_SHM = [...OF_OTHERS, '@ipc/core', '@ipc/core/internal']

const MEASURED: readonly Measured[] = [
  {
    what: '@ipc/core, everything',
    imports: `export * from '@ipc/core'`,
    external: OF_OTHERS,
    maxGzipBytes: 10 * KIB,
  },
  {
    what: '@ipc/core/topics, and what it needs of @ipc/core',
    imports: `export * from '@ipc/core/topics'`,
    external: OF_OTHERS,
    maxGzipBytes: 6 * KIB,
  },
  {
    what: '@ipc/core, errors only',
    imports: `export { IpcError, isIpcError } from '@ipc/core'`,
    external: OF_OTHERS,
    maxGzipBytes: 2 * KIB,
  },
  {
    what: '@ipc/shm in a page, regions and rings',
    imports: `export { attachRegion, broadcastRing, createRegion, mpscRing, spscRing } from '@ipc/shm'`,
    external: OF_SHM,
    maxGzipBytes: 12 * KIB,
  },
  {
    what: '@ipc/shm in a page, connections',
    imports: `export { createRegion, fromBuffer } from '@ipc/shm'`,
    external: OF_SHM,
    maxGzipBytes: 10 * KIB,
  },
  {
    what: '@ipc/shm in a page, regions and values',
    imports: `export { attachRegion, createRegion, sharedValue } from '@ipc/shm'`,
    external: OF_SHM,
    maxGzipBytes: 9 * KIB,
  },
  {
    what: '@ipc/shm in a page, regions and locks',
    imports: `export { attachRegion, condition, createRegion, mutex, semaphore } from '@ipc/shm'`,
    external: OF_SHM,
    maxGzipBytes: 10 * KIB,
  },
  {
    what: '@ipc/shm in a page, everything',
    imports: `export * from '@ipc/shm'`,
    external: OF_SHM,
    maxGzipBytes: 21 * KIB,
  },
  {
    what: '@ipc/mq, connections',
    imports: `export { mq } from '@ipc/mq'`,
    external: OF_SHM,
    maxGzipBytes: 12 * KIB,
  },
]

/** What a page has to load, package by package, from what is packed. */
export function describeSizes(projects: () => Projects): void {
  describe('what a page loads', () => {
    const sizes = new Map<string, Size>()

    beforeAll(async () => {
      for (const { what, imports, external } of MEASURED) {
        sizes.set(what, await sizeOfImports(imports, projects().folderOf(PROJECT), external))
      }
      const rows = MEASURED.map(({ what, maxGzipBytes }) => {
        const { minified = 0, gzip = 0 } = sizes.get(what) ?? {}
        return [what, kib(minified), kib(gzip), kib(maxGzipBytes)]
      })
      process.stdout.write(`${tableOf([['', 'minified', 'gzip', 'at most'], ...rows])}\n`)
    })

    test.each(MEASURED)('$what: within its bound', ({ what, maxGzipBytes }) => {
      expect(sizes.get(what)?.gzip).toBeLessThan(maxGzipBytes)
    })
  })
}
