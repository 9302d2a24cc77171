import type { FlowRate } from '../gather/sampler.js'
import { bytesOf, grouped } from './figures.js'
import type { Paint } from './paint.js'
import { numeric, tableOf } from './table.js'

/** One frame of `ipc top`: the busiest first. */
export function renderFlows(flows: readonly FlowRate[], paint: Paint, columns: number): string {
  if (flows.length === 0) return 'nothing moves here: no rings, values, locks or connections'
  const rows = [...flows]
    .sort(byRate)
    .map((flow) => [
      flow.name,
      flow.kind,
      flow.bytesPerSecond === undefined ? '-' : bytesOf(flow.bytesPerSecond),
      flow.countPerSecond === undefined ? '-' : grouped(flow.countPerSecond),
      lagOf(flow),
      flow.waiting,
      users(flow, paint),
    ])
  return tableOf(
    ['NAME', 'KIND', numeric('BYTES/S'), numeric('RECORDS/S'), numeric('LAG'), numeric('WAIT'), 'USERS'],
    rows,
    columns,
  )
}

function byRate(one: FlowRate, other: FlowRate): number {
  const busy = (flow: FlowRate): number => flow.bytesPerSecond ?? flow.countPerSecond ?? -1
  return busy(other) - busy(one) || one.name.localeCompare(other.name)
}

function lagOf({ lagBytes, capacityBytes }: FlowRate): string {
  if (lagBytes === undefined || capacityBytes === undefined) return '-'
  return `${bytesOf(lagBytes)} ${Math.round((100 * lagBytes) / capacityBytes)} %`
}

function users({ alive, dead }: FlowRate, paint: Paint): string {
  const living = alive > 0 ? paint.good(`${alive} alive`) : paint.weak('none')
  return dead > 0 ? `${living} ${paint.bad(`${dead} dead`)}` : living
}
