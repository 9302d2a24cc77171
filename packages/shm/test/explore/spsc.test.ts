import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, type Planted } from './explored.js'

const entry = new URL('./spsc.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe.each(['sequential', 'weak'] as const)('SPSC ring in %s memory', (mode) => {
  test.each(['full', 'padded', 'paddedAndFull', 'batched', 'single', 'reused'])(
    'records come in order, once and whole: %s',
    (scenario) => {
      const { outcomes } = expectSound(model, { scenario, mode })
      // Not always the same number of them.
      expect(outcomes.length).toBeGreaterThan(1)
    },
  )
})

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a padding record that is one byte too short',
    mutate: {
      file: 'spsc-writer.ts',
      from: 'words[(index + RECORD_LENGTH) >> 2] = padding - RECORD_HEADER_BYTES',
      to: 'words[(index + RECORD_LENGTH) >> 2] = padding - RECORD_HEADER_BYTES - 1',
    },
    scenario: 'padded',
    message: 'the ring is corrupt: a record of -1 bytes',
    steps: ['producer store record bytes 56 = -1 spsc-writer.ts tryClaim'],
  },
  {
    bug: 'a producer that does not look whether there is room',
    mutate: {
      file: 'spsc-writer.ts',
      from: 'if (this.#free() < wanted + padding) return -1',
      to: '',
    },
    scenario: 'full',
    message: 'the ring is corrupt: 48 bytes in use',
    steps: ['producer Atomics.store tail = -2147483616 spsc-writer.ts publish'],
  },
  {
    bug: 'a consumer that gives room back before it has read the record',
    mutate: {
      file: 'spsc-reader.ts',
      from: 'this.#head = (this.#head + recordBytes(this.end - this.start)) | 0\n  }',
      to: 'this.#head = (this.#head + recordBytes(this.end - this.start)) | 0\n    this.release()\n  }',
    },
    scenario: 'full',
    message: 'record 0 is 0,30,31',
    steps: [
      'consumer Atomics.store head = -2147483648 spsc-reader.ts release',
      'producer store record bytes 24 = 30',
      'consumer load record bytes 24: 30',
    ],
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a tail that is stored plainly',
    mutate: {
      file: 'spsc-writer.ts',
      from: 'Atomics.store(this.#control, RING_TAIL >> 2, this.#tail)',
      to: 'this.#control[RING_TAIL >> 2] = this.#tail',
    },
    scenario: 'single',
    message: '',
    steps: ['producer tail = 16: now visible spsc-writer.ts publish', 'consumer Atomics.load tail: 16'],
  },
  {
    bug: 'a tail that is loaded plainly',
    mutate: {
      file: 'spsc-reader.ts',
      from: 'const tail = Atomics.load(this.#control, RING_TAIL >> 2)',
      to: 'const tail = this.#control[RING_TAIL >> 2] as number',
    },
    scenario: 'single',
    message: '',
    steps: ['consumer load tail: 16, to take effect later', 'tail = 16: now the load takes effect'],
  },
  {
    bug: 'a head that is stored plainly, so that room is given back before the record is read',
    mutate: {
      file: 'spsc-reader.ts',
      from: 'Atomics.store(this.#control, RING_HEAD >> 2, this.#head)',
      to: 'this.#control[RING_HEAD >> 2] = this.#head',
    },
    scenario: 'reused',
    message: 'record 0 is 0',
    steps: ['to take effect later', 'now visible spsc-reader.ts release', 'now the load takes effect'],
  },
]

describe('a bug planted into the SPSC ring is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})
