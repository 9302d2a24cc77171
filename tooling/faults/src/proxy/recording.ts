import { checkWhole } from '../check-number.js'
import type { RecordedEvent } from './recorder.js'

/** Whose bytes are asked for. */
export interface Stream {
  /** Id of the connection. */
  readonly connection: number
  readonly direction: 'up' | 'down'
}

const FORMAT = 'ipc-recording-1'
const KINDS = ['bytes', 'end', 'reset'] as const

/**
 * A recording as text: the name of the format, then a line of JSON for each event, which is connection, direction, time in
 * milliseconds, kind, and bytes in base64.
 */
export function formatRecording(events: readonly RecordedEvent[]): string {
  const lines = events.map(({ connection, direction, atMs, kind, bytes }) => {
    const fields = [connection, direction, Math.round(atMs * 1000) / 1000, kind]
    return JSON.stringify(kind === 'bytes' ? [...fields, Buffer.from(bytes).toString('base64')] : fields)
  })
  return `${[FORMAT, ...lines].join('\n')}\n`
}

/**
 * What {@link formatRecording} made of the events.
 *
 * @throws TypeError when the text is something else.
 */
export function parseRecording(text: string): RecordedEvent[] {
  const [format, ...lines] = text.trimEnd().split('\n')
  if (format !== FORMAT)
    throw new TypeError(`a recording begins with ${FORMAT}, got ${JSON.stringify(format)}`)
  return lines.map(parseLine)
}

/** All bytes of one direction of a connection. */
export function recordedBytes(events: readonly RecordedEvent[], { connection, direction }: Stream): Buffer {
  const of = events.filter((event) => event.connection === connection && event.direction === direction)
  return Buffer.concat(of.map(({ bytes }) => bytes))
}

function parseLine(line: string): RecordedEvent {
  try {
    const [connection, direction, atMs, kind, base64] = JSON.parse(line)
    if (direction !== 'up' && direction !== 'down') throw new TypeError('no direction')
    if (!KINDS.includes(kind) || (kind === 'bytes') !== (typeof base64 === 'string'))
      throw new TypeError('no kind')
    if (!(typeof atMs === 'number' && atMs >= 0)) throw new TypeError('no time')
    const bytes = Uint8Array.from(Buffer.from(base64 ?? '', 'base64'))
    return { connection: checkWhole('connection', connection, 1), direction, atMs, kind, bytes }
  } catch (cause) {
    throw new TypeError(`no event of a recording: ${line.slice(0, 200)}`, { cause })
  }
}
