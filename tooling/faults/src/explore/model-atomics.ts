import { type Operation, type Seam, WHOLE_WORD } from './access.js'
import { modelArray } from './model-array.js'

type Modify = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'exchange'

/** `Atomics` for arrays of the model. Waits are no part of it: code that is explored takes a futex. */
export function modelAtomics(seam: Seam): object {
  const access = (
    operation: Operation,
    array: unknown,
    index: number,
    value: number,
    expected: number = 0,
  ): number => {
    const found = modelArray(array)
    if (found?.BYTES_PER_ELEMENT !== 4) throw new TypeError(`${operation} needs an Int32Array of the model`)
    const word = found.wordAt(index)
    const all = {
      operation,
      word,
      mask: WHOLE_WORD,
      value: value | 0,
      expected: expected | 0,
      note: undefined,
    }
    return seam.port.access(all)
  }
  const modify =
    (name: Modify) =>
    (array: unknown, index: number, value: number): number =>
      access(`Atomics.${name}`, array, index, value)
  return {
    load: (array: unknown, index: number) => access('Atomics.load', array, index, 0),
    store: (array: unknown, index: number, value: number) => {
      access('Atomics.store', array, index, value)
      return value
    },
    add: modify('add'),
    sub: modify('sub'),
    and: modify('and'),
    or: modify('or'),
    xor: modify('xor'),
    exchange: modify('exchange'),
    compareExchange: (array: unknown, index: number, expected: number, value: number) =>
      access('Atomics.compareExchange', array, index, value, expected),
  }
}
