import { MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'
import type { Batch, Packer } from './batch.js'
import type { MessageLimit } from './message-limit.js'
import { MOVE_BYTES, Slab } from './slab.js'
import { snapshot } from './snapshot.js'

/** Batches of messages that travel by structured clone: see `clones` in the table of envelopes. */
export function clonePacker<Out>(limit: MessageLimit): Packer<Out> {
  const slab = new Slab()
  let contents = emptyContents()
  let cost = 0
  const count = (size: number, bytes: number): number => {
    contents.sizes.push(size)
    cost += bytes + MESSAGE_OVERHEAD_BYTES
    return bytes
  }
  return {
    get messages() {
      return contents.sizes.length
    },
    get cost() {
      return cost
    },
    add(message, transfer) {
      // Cloning many small byte arrays one by one is slow: they share one.
      if (transfer === undefined && isSmallBytes(message)) {
        limit.check(message.byteLength)
        slab.append(message)
        return count(~message.byteLength, message.byteLength)
      }
      const { value, bytes, transfer: moving } = snapshot(message, transfer)
      limit.check(bytes)
      if (moving !== undefined) {
        contents.moving ??= new Map()
        contents.moving.set(contents.values.length, moving)
      }
      contents.values.push(value)
      return count(bytes, bytes)
    },
    take() {
      if (slab.end > 0) contents.slab = slab.take()
      const batch = cloneBatch(contents, cost)
      contents = emptyContents()
      cost = 0
      return batch
    },
  }
}

interface Contents {
  /** All but the messages in the slab. */
  readonly values: unknown[]
  /** Of every message, in order; `~size` when it is in the slab. */
  readonly sizes: number[]
  slab: Uint8Array<ArrayBuffer> | undefined
  /** What is transferred for the value at an index; there is nothing to transfer for most. */
  moving: Map<number, readonly object[]> | undefined
}

function emptyContents(): Contents {
  return { values: [], sizes: [], slab: undefined, moving: undefined }
}

function isSmallBytes(message: unknown): message is Uint8Array {
  return (
    message instanceof Uint8Array &&
    message.byteLength < MOVE_BYTES &&
    // What lies in shared memory stays shared.
    message.buffer instanceof ArrayBuffer
  )
}

function cloneBatch(contents: Contents, cost: number): Batch {
  const { values, sizes, slab, moving } = contents
  const transfer: object[] = []
  if (slab !== undefined && slab.byteLength >= MOVE_BYTES) transfer.push(slab.buffer)
  if (moving !== undefined) for (const objects of moving.values()) transfer.push(...objects)
  return {
    kind: 'clones',
    payload: slab === undefined ? [values, sizes] : [values, sizes, slab],
    transfer: transfer.length > 0 ? transfer : undefined,
    messages: sizes.length,
    cost,
    singly: () => singles(contents),
  }
}

function singles({ values, sizes, slab, moving }: Contents): readonly Batch[] {
  let index = 0
  let at = 0
  return sizes.map((size) => {
    const single = emptyContents()
    const bytes = size < 0 ? ~size : size
    single.sizes.push(size)
    if (size < 0) {
      single.slab = slab?.slice(at, at + bytes)
      at += bytes
    } else {
      const objects = moving?.get(index)
      if (objects !== undefined) single.moving = new Map([[0, objects]])
      single.values.push(values[index++])
    }
    return cloneBatch(single, bytes + MESSAGE_OVERHEAD_BYTES)
  })
}
