import { attachRegion, createRegion, openRegion, type Region, removeRegion } from '@ipc/shm'
import type { FarPlace, NearPlace } from '../pair/pair.js'

/** One region for a measurement: nothing else in the directory of a run has this name at the same time. */
const NAME = 'measured'

/** The region of the near side, made for `fars` that are processes or threads. */
export function makeRegion({ scratch, fars }: NearPlace, bytes: number): Region {
  const threads = fars[0]?.worker !== undefined
  const region = threads
    ? createRegion(bytes)
    : openRegion(NAME, { bytes, exclusive: true, directory: scratch })
  for (const far of fars) far.control.tell(threads ? region.buffer : 'made')
  return region
}

/** The same region, on the far side. */
export async function joinRegion({ scratch, control }: FarPlace, far: 'process' | 'thread'): Promise<Region> {
  const made = await control.hear()
  return far === 'process'
    ? openRegion(NAME, { directory: scratch })
    : attachRegion(made as SharedArrayBuffer)
}

/** The end of the region, once everybody who needs it has attached it. */
export function endRegion(region: Region, { scratch }: NearPlace): void {
  region.close()
  if (region.name !== undefined) removeRegion(region.name, { directory: scratch })
}
