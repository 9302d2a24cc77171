import { type Seam, WHOLE_WORD } from './access.js'
import { modelArray } from './model-array.js'

type Modify = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'exchange'
type Name = Modify | 'load' | 'store' | 'compareExchange'

/**
 * `Atomics` for arrays of the model, and for ordinary ones what they always were, so that a check can run the product on
 * the memory that is left. Waits are no part of it: code that is explored takes a futex.
 */
export function modelAtomics(seam: Seam): object {
  const access = (name: Name, array: unknown, index: number, value: number, expected: number = 0): number => {
    const found = modelArray(array)
    if (found === undefined) return ordinary(name, array as Int32Array, index, value, expected)
    if (found.BYTES_PER_ELEMENT !== 4) throw new TypeError(`Atomics.${name} is modelled for Int32Array only`)
    return seam.port.access({
      operation: `Atomics.${name}`,
      word: found.wordAt(index),
      mask: WHOLE_WORD,
      value: value | 0,
      expected: expected | 0,
      note: undefined,
    })
  }
  const modify =
    (name: Modify) =>
    (array: unknown, index: number, value: number): number =>
      access(name, array, index, value)
  return {
    load: (array: unknown, index: number) => access('load', array, index, 0),
    store: (array: unknown, index: number, value: number) => {
      access('store', array, index, value)
      return value
    },
    add: modify('add'),
    sub: modify('sub'),
    and: modify('and'),
    or: modify('or'),
    xor: modify('xor'),
    exchange: modify('exchange'),
    compareExchange: (array: unknown, index: number, expected: number, value: number) =>
      access('compareExchange', array, index, value, expected),
  }
}

function ordinary(name: Name, array: Int32Array, index: number, value: number, expected: number): number {
  if (name === 'load') return Atomics.load(array, index)
  if (name === 'compareExchange') return Atomics.compareExchange(array, index, expected, value)
  return Atomics[name](array, index, value)
}
