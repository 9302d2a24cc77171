import { IpcError } from '@ipc/core'
import {
  OBJECT_ALIGNMENT,
  OBJECT_BYTES,
  OBJECT_HEADER_BYTES,
  OBJECT_KIND,
  OBJECT_NAME,
  OBJECT_NAME_BYTES,
  OBJECT_NAME_MAX_BYTES,
  OBJECT_PARAMETERS,
  OBJECT_SCHEMA,
  OBJECT_SCHEMA_BYTES,
  OBJECT_SCHEMA_MAX_BYTES,
  OBJECTS,
  OBJECTS_CREATING,
  OBJECTS_END,
  OBJECTS_FIRST,
  OBJECTS_STATE,
  REGION_HEADER_BYTES,
} from '../layout.js'
import type { SharedRegion } from './region.js'
import { differingError } from './region-header.js'

/** Names of the kinds, for messages. */
const KINDS = [
  'unknown',
  'sharedBytes',
  'spscRing',
  'mpscRing',
  'broadcastRing',
  'sharedValue',
  'mutex',
  'semaphore',
  'condition',
] as const

/** A creator that takes longer than this is stopped in the middle of it, or its machine is overloaded. */
const PATIENCE_MS = 5_000

/** Memory that objects are found in. */
export interface ObjectMemory {
  /** Names the region in messages. */
  readonly what: string
  /** The whole region, and its payload. */
  readonly words: Int32Array
  readonly bytes: Uint8Array
}

/** What an object is to be; parameters that the caller left open are found, or take their defaults. */
export interface ObjectSpec {
  readonly kind: number
  readonly name: string
  /** At most six, in the order of the layout. */
  readonly parameters: Readonly<Record<string, number | undefined>>
  /** Their values in a new object, where the caller left them open. */
  readonly defaults: Readonly<Record<string, number>>
  /** What the payload is, as its codec names it; `undefined` takes any. */
  readonly schema?: string | undefined
  /** Bytes of a body with these parameters. */
  bodyBytes(parameters: Readonly<Record<string, number>>): number
  /** Fill in what is not zero. `at`: where the body begins, in words. */
  initialize?(words: Int32Array, at: number, parameters: Readonly<Record<string, number>>): void
}

/** An object found or created. */
export interface PlacedObject {
  /** Where its body begins, in bytes from the start of the region; a multiple of 128. */
  readonly offset: number
  readonly parameters: Readonly<Record<string, number>>
}

/**
 * Find the object of that name in the region, or create it: whoever comes first does. All checks are made here: the
 * kinds, parameters and schemas of all who use an object are the same.
 *
 * @throws TypeError | RangeError for a name or parameter that cannot be right. IpcError `IPC_PROTOCOL` when there is one
 * of that name that differs, or the region holds something other than objects; `IPC_OUT_OF_MEMORY` when the region is
 * too small.
 */
export function placeObject(region: SharedRegion, spec: ObjectSpec): PlacedObject {
  checkObjectName(spec.name)
  openObjects(region)
  region.enter()
  const found = findObject(region, spec)
  return found ?? whileCreating(region, () => findObject(region, spec) ?? create(region, spec))
}

function openObjects(region: SharedRegion): void {
  const { words, what } = region
  if (region.bytes.length < OBJECTS_FIRST) {
    throw new IpcError(
      'IPC_OUT_OF_MEMORY',
      `${what} has ${region.bytes.length} bytes; objects need ${OBJECTS_FIRST} beside their own`,
    )
  }
  const state = (REGION_HEADER_BYTES + OBJECTS_STATE) >> 2
  const found = Atomics.compareExchange(words, state, 0, OBJECTS)
  if (found === 0 || found === OBJECTS) return
  throw new IpcError(
    'IPC_PROTOCOL',
    `${what} holds raw bytes or a connection, and no objects: use one region for each`,
  )
}

/** Find the object of that name; it has to be as the spec says. */
export function findObject(region: ObjectMemory, spec: ObjectSpec): PlacedObject | undefined {
  for (const { object } of eachObject(region)) {
    if (nameOf(region, object) === spec.name) return match(region, spec, object)
  }
  return undefined
}

/** The name of an object. */
export function nameOf(region: ObjectMemory, object: number): string {
  return textAt(region, object + OBJECT_NAME, region.words[(object + OBJECT_NAME_BYTES) >> 2] as number)
}

/** Whether the payload holds objects. Raw bytes could look like some. */
export function holdsObjects({ bytes, words }: ObjectMemory): boolean {
  const state = (REGION_HEADER_BYTES + OBJECTS_STATE) >> 2
  return bytes.length >= OBJECTS_FIRST && Atomics.load(words, state) === OBJECTS
}

/** An object that is there; `object` and `offset` are where it and its body begin, in bytes from the region's start. */
export interface FoundObject {
  readonly kind: number
  readonly object: number
  readonly offset: number
}

/**
 * All objects of a region.
 *
 * @throws IpcError `IPC_PROTOCOL` when they are corrupt.
 */
export function* eachObject(region: ObjectMemory): Generator<FoundObject> {
  const { words } = region
  // Acquire: pairs with the store in create(); what lies before the end is complete.
  const end = Atomics.load(words, (REGION_HEADER_BYTES + OBJECTS_END) >> 2)
  for (let at = OBJECTS_FIRST; at < end; ) {
    const object = REGION_HEADER_BYTES + at
    const bytes = words[(object + OBJECT_BYTES) >> 2] as number
    if (bytes <= 0 || at + bytes > region.bytes.length) {
      throw new IpcError('IPC_PROTOCOL', `${region.what} is corrupt: an object of ${bytes} bytes at ${at}`)
    }
    yield { kind: words[(object + OBJECT_KIND) >> 2] as number, object, offset: object + OBJECT_HEADER_BYTES }
    at += bytes
  }
}

function match(region: ObjectMemory, spec: ObjectSpec, object: number): PlacedObject {
  const { words } = region
  const what = `${spec.name} in ${region.what}`
  const kind = words[(object + OBJECT_KIND) >> 2] as number
  if (kind !== spec.kind) {
    throw new IpcError(
      'IPC_PROTOCOL',
      `${what} has kind ${KINDS[kind] ?? kind}, expected ${KINDS[spec.kind]}`,
    )
  }
  const parameters: Record<string, number> = {}
  for (const [index, [name, wanted]] of Object.entries(spec.parameters).entries()) {
    const value = words[((object + OBJECT_PARAMETERS) >> 2) + index] as number
    parameters[name] = value
    if (wanted !== undefined && wanted !== value) throw differingError(what, name, value, wanted)
  }
  const schema = textAt(region, object + OBJECT_SCHEMA, words[(object + OBJECT_SCHEMA_BYTES) >> 2] as number)
  const wanted = spec.schema === undefined ? schema : cut(spec.schema)
  if (schema !== wanted) throw differingError(what, 'schema', schema, wanted)
  return { offset: object + OBJECT_HEADER_BYTES, parameters }
}

function create(region: SharedRegion, spec: ObjectSpec): PlacedObject {
  const { words, bytes } = region
  const parameters: Record<string, number> = {}
  for (const [name, value] of Object.entries(spec.parameters)) {
    parameters[name] = value ?? (spec.defaults[name] as number)
  }
  const endWord = (REGION_HEADER_BYTES + OBJECTS_END) >> 2
  const at = Atomics.load(words, endWord) || OBJECTS_FIRST
  const size = OBJECT_HEADER_BYTES + aligned(spec.bodyBytes(parameters))
  if (at + size > bytes.length) {
    throw new IpcError(
      'IPC_OUT_OF_MEMORY',
      `${region.what} has ${bytes.length - at} bytes left, the ${KINDS[spec.kind]} ${spec.name} needs ${size}: ` +
        'open it with more bytes',
      { details: { left: bytes.length - at, needed: size } },
    )
  }
  const object = REGION_HEADER_BYTES + at
  // Zeros already, unless a creator died here.
  words.fill(0, object >> 2, (object + size) >> 2)
  const name = new TextEncoder().encode(spec.name)
  const schema = new TextEncoder().encode(cut(spec.schema ?? ''))
  words[(object + OBJECT_KIND) >> 2] = spec.kind
  words[(object + OBJECT_BYTES) >> 2] = size
  words[(object + OBJECT_NAME_BYTES) >> 2] = name.length
  bytes.set(name, at + OBJECT_NAME)
  words[(object + OBJECT_SCHEMA_BYTES) >> 2] = schema.length
  bytes.set(schema, at + OBJECT_SCHEMA)
  words.set(Object.values(parameters), (object + OBJECT_PARAMETERS) >> 2)
  spec.initialize?.(words, (object + OBJECT_HEADER_BYTES) >> 2, parameters)
  // Release: pairs with the load in findObject().
  Atomics.store(words, endWord, at + size)
  return { offset: object + OBJECT_HEADER_BYTES, parameters }
}

/** One creator at a time. It is done in a moment; one that died is replaced. */
function whileCreating<T>(region: SharedRegion, make: () => T): T {
  const { words, participants, self } = region
  const lock = (REGION_HEADER_BYTES + OBJECTS_CREATING) >> 2
  const own = self.name
  const start = performance.now()
  let holder = Atomics.compareExchange(words, lock, 0, own)
  while (holder !== 0) {
    if (performance.now() - start > PATIENCE_MS) {
      throw new IpcError(
        'IPC_TIMEOUT',
        `another process has been creating an object in ${region.what} for ${PATIENCE_MS} ms`,
      )
    }
    // Exactly one of those who see it dead takes over.
    const dead = !participants.lives(holder)
    const seen = Atomics.compareExchange(words, lock, dead ? holder : 0, own)
    if (seen === (dead ? holder : 0)) break
    holder = seen
  }
  try {
    return make()
  } finally {
    Atomics.compareExchange(words, lock, own, 0)
  }
}

function checkObjectName(name: string): void {
  const bytes = typeof name === 'string' ? new TextEncoder().encode(name).length : 0
  if (bytes < 1 || bytes > OBJECT_NAME_MAX_BYTES) {
    throw new TypeError(
      `the name of an object is a text of 1 to ${OBJECT_NAME_MAX_BYTES} bytes, got ${typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : String(name)}`,
    )
  }
}

/** The text at `offset` of a region, as far as it can be one. */
export function textAt(region: ObjectMemory, offset: number, length: number): string {
  const start = offset - REGION_HEADER_BYTES
  // A copy: decoders refuse shared memory.
  return new TextDecoder().decode(region.bytes.slice(start, start + Math.max(0, Math.min(length, 64))))
}

/** As much of a schema as there is room for. */
function cut(schema: string): string {
  const bytes = new Uint8Array(OBJECT_SCHEMA_MAX_BYTES)
  // Whole characters: half of one would become another, which takes more room.
  const { written } = new TextEncoder().encodeInto(schema, bytes)
  return new TextDecoder().decode(bytes.subarray(0, written))
}

function aligned(bytes: number): number {
  // No bit operation: what does not fit into a region may not fit into 32 bits either.
  return Math.ceil(bytes / OBJECT_ALIGNMENT) * OBJECT_ALIGNMENT
}
