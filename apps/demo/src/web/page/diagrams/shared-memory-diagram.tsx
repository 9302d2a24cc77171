import type { JSX } from 'preact'
import type { ProcessState, RingSnapshot, WriterState } from '../../protocol.js'
import { bytesText } from '../controls/figures.js'
import { BOX_HEIGHT, ProcessBox } from './process-box.js'
import { RingDiagram } from './ring-diagram.js'

interface SharedMemoryDiagramProps {
  readonly writer: Pick<ProcessState, 'name' | 'status' | 'pid'>
  readonly reader: Pick<ProcessState, 'name' | 'status' | 'pid'>
  readonly writing: string
  readonly reading: string
  readonly ring: RingSnapshot
  readonly claim: WriterState['claim']
}

/** Two processes and the region that both have in their memory. */
export function SharedMemoryDiagram(props: SharedMemoryDiagramProps): JSX.Element {
  const { writer, reader, writing, reading, ring, claim } = props
  const used = (ring.tail - ring.head) | 0
  const label =
    `A ring of ${ring.capacityBytes} bytes in a region that two processes share. ` +
    `${ring.records.length} records, ${used} bytes in use. Tail at ${ring.tail}, head at ${ring.head}.`
  return (
    <svg viewBox="0 0 360 352" role="img" aria-label={label} class="diagram">
      <ProcessBox x={4} y={4} width={150} state={writer} tone="one" doing={writing} />
      <ProcessBox x={206} y={4} width={150} state={reader} tone="two" doing={reading} />
      <path class="mapped one" d={`M79 ${4 + BOX_HEIGHT}V76`} />
      <path class="mapped two" d={`M281 ${4 + BOX_HEIGHT}V76`} />
      <text x={180} y={66} class="small">
        both have it mapped
      </text>
      <rect class="region" x={4} y={76} width={352} height={272} rx={8} />
      <text x={14} y={94} class="small start">
        region
      </text>
      <text x={346} y={94} class="small end">
        {bytesText(used)} of {bytesText(ring.capacityBytes)}
      </text>
      <RingDiagram ring={ring} claim={claim} x={180} y={216} />
    </svg>
  )
}
