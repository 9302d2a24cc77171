import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import type { Victims } from '@ipc/faults/crash'
import { openRegion, type Region, removeRegion } from '@ipc/shm'
import { insideOf } from '../../src/region/region.js'
import { filesOpen } from '../fixtures/open-files.js'
import { until } from '../fixtures/until-parked.js'
import { waitInVain } from './asleep.js'
import { check, type Place } from './scenario.js'

const REGION_BYTES = 131_072

/** Where one series of kills plays. */
export interface SeriesPlace extends Place {
  /** Clean up after the dead: the next victim would do it before its operation, and wake everybody. */
  tidy(): void
  /** Leave, and look that nothing stays behind. */
  end(): Promise<void>
  /** Whatever happened. */
  remove(): void
}

/** Make one; victims of the scenario come from `victims`. */
export function seriesPlace(victims: Victims): SeriesPlace {
  const directory = mkdtempSync('/dev/shm/ipc-crash-')
  const opened: Region[] = []
  const ends: (() => Promise<void>)[] = []
  const files = (where: string = directory): string[] => (existsSync(where) ? readdirSync(where).sort() : [])
  const openFiles = filesOpen()
  return {
    directory,
    open(name = 'place', bytes = REGION_BYTES) {
      const region = openRegion(name, { directory, bytes })
      opened.push(region)
      return region
    },
    files,
    removeBelow: (below) => rmSync(below, { recursive: true }),
    atEnd: (end) => void ends.push(end),
    kill: (request) => victims.start(request).death,
    tidy() {
      for (const region of opened) insideOf(region).self.look()
    },
    async end() {
      for (const end of ends.splice(0)) await end()
      for (const region of opened) region.close()
      await checkLeftovers(directory)
      for (const name of new Set(opened.map((region) => region.name as string)))
        removeRegion(name, { directory })
      check(files().length === 0, `left behind: ${files().join(', ')}`)
      // Sockets of bells close in the next turns of the event loop.
      await until(() => filesOpen() <= openFiles, `${filesOpen()} files open, as before: ${openFiles}`)
    },
    remove() {
      for (const end of ends.splice(0)) void end()
      for (const region of opened) region.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Whoever waits next tidies up after the dead: then there is the region, and the bell of the living. */
async function checkLeftovers(directory: string): Promise<void> {
  const region = openRegion('place', { directory })
  await waitInVain(region)
  const left = readdirSync(directory).filter((file) => !file.endsWith('.region'))
  check(left.length === 1, `beside regions there are: ${left.join(', ')}`)
  region.close()
}
