import type { Scenario } from '@ipc/faults'
import { type CopyForm, ValueCells } from '../../src/value/value-cells.js'
import {
  CELL_PAYLOAD,
  CELLS,
  cellBytes,
  VALUE_CELLS,
  VALUE_VERSION,
  valueBytes,
} from '../../src/value/value-layout.js'

const MAX_BYTES = 8
const CELL = cellBytes(MAX_BYTES)

interface ValueInit {
  readonly form: CopyForm
  /** Values set before the threads begin; and, as in a cell that is written for the second time, their version. */
  readonly before: number
  readonly sets: number
  readonly reads: number
  /** Whether the readers may write, and look by a read-modify-write. */
  readonly writable?: boolean
}

/** Value `n` is two words: `n`, and `n + 100`. */
function encode(value: number): (bytes: Uint8Array, start: number) => number {
  return (bytes, start) => {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, 2)
    words[0] = value
    words[1] = value + 100
    return start + 8
  }
}

function read(cells: ValueCells): string {
  const end = cells.read()
  if (end < 0) return 'none'
  const words = new Int32Array(cells.copy.buffer, CELL_PAYLOAD, (end - CELL_PAYLOAD) >> 2)
  return `${cells.seen}:${[...words]}`
}

/** A writer that sets values, and a reader that gets some of them. */
function value({ form, before, sets, reads, writable = true }: ValueInit): Scenario {
  const cells = (memory: SharedArrayBuffer): ValueCells =>
    new ValueCells(new Int32Array(memory), 0, MAX_BYTES, form, writable)
  return {
    memoryBytes: valueBytes(MAX_BYTES),
    setUp(memory) {
      // The version counts from before, so that cells hold old values.
      new Int32Array(memory)[VALUE_VERSION >> 2] = before - Math.min(before, CELLS)
      for (let set = before - Math.min(before, CELLS); set < before; set++)
        cells(memory).write(encode(set + 1))
    },
    threads: {
      writer(memory) {
        const own = cells(memory)
        for (let set = 0; set < sets; set++) own.write(encode(own.version + 1))
      },
      reader(memory) {
        const own = cells(memory)
        return Array.from({ length: reads }, () => read(own))
      },
    },
    check: ({ results }) => expectWhole(results.reader as string[]),
    nameOf: nameOfWord,
  }
}

/** Each value is that of its version, and none is older than the one before. */
function expectWhole(found: readonly string[]): void {
  let last = 0
  for (const text of found) {
    if (text === 'none') {
      if (last !== 0) throw new Error(`found no value after ${last}`)
      continue
    }
    const seen = Number.parseInt(text, 10)
    if (text !== `${seen}:${seen},${seen + 100}`) throw new Error(`torn: version ${text}`)
    if (seen < last) throw new Error(`version ${seen} after ${last}`)
    last = seen
  }
}

function nameOfWord(word: number): string | undefined {
  if (word === VALUE_VERSION >> 2) return 'version'
  const at = 4 * word - VALUE_CELLS
  if (at < 0 || at >= CELLS * CELL) return undefined
  const field = ['length', 'reserved', 'first', 'second'][(at % CELL) >> 2]
  return `${field} of cell ${Math.floor(at / CELL)}`
}

/** The first value comes while a reader looks. */
export const first: Scenario = value({ form: 'plain', before: 0, sets: 5, reads: 3 })
/** The writer gets around to the cell that the reader copies, with the fourth value. */
export const around: Scenario = value({ form: 'plain', before: 5, sets: 4, reads: 1 })
export const aroundTwice: Scenario = value({ form: 'plain', before: 5, sets: 6, reads: 3 })
/** The version steps over 0. */
export const wrapping: Scenario = value({ form: 'plain', before: -1, sets: 4, reads: 2 })
export const atomicFirst: Scenario = value({ form: 'atomic', before: 0, sets: 5, reads: 3, writable: false })
export const atomicAround: Scenario = value({ form: 'atomic', before: 5, sets: 5, reads: 2, writable: false })

/** A writer that dies at any step, and the next one, which goes on once the first is known to be dead. */
export const handedOver: Scenario = {
  ...value({ form: 'plain', before: 5, sets: 0, reads: 0 }),
  threads: {
    writer(memory) {
      const cells = new ValueCells(new Int32Array(memory), 0, MAX_BYTES, 'plain', true)
      for (let set = 0; set < 4; set++) cells.write(encode(cells.version + 1))
    },
    next(memory, self) {
      if (self.isAlive('writer')) return
      const cells = new ValueCells(new Int32Array(memory), 0, MAX_BYTES, 'plain', true)
      cells.write(encode(cells.version + 1))
    },
    reader(memory) {
      const cells = new ValueCells(new Int32Array(memory), 0, MAX_BYTES, 'plain', true)
      return [read(cells), read(cells)]
    },
  },
}
