import { type Region, type Ring, spscRing } from '@ipc/shm'
import { RING_CAPACITY_BYTES } from '../limits.js'

/** The name of the region that is drawn, and of the ring in it. */
export const RING_REGION = 'lab'
const RING = 'records'

/** Room for the ring, for what describes it, and for those who take part. */
export const RING_REGION_BYTES = 16_384

/** The ring of the region; whoever comes first creates it. */
export function labRing(region: Region): Ring {
  return spscRing(region, RING, { capacityBytes: RING_CAPACITY_BYTES })
}
