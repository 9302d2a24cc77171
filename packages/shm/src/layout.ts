/**
 * Byte layout of a region, and of the objects in it. `LAYOUT.md` is the specification in words; the files named
 * `*layout.ts` are its only implementation. Every field is an int32 in the byte order of the machine, at an offset in
 * bytes from the start of what it belongs to.
 *
 * ```
 * region     0 ready | 4 magic | 8 version | 12 byte order | 16 payload bytes | 20 creator pid | 24 created
 *           28 schema bytes | 32 schema (64 bytes) | 96 ... 127 reserved
 *          128 payload: raw bytes, or objects, or a pair of rings
 * ```
 */

/** Written last: whoever sees it may read the rest of the header. */
export const REGION_READY = 0
export const REGION_MAGIC = 4
export const REGION_VERSION = 8
export const REGION_BYTE_ORDER = 12
export const REGION_PAYLOAD_BYTES = 16
export const REGION_CREATOR_PID = 20
export const REGION_CREATED = 24
export const REGION_SCHEMA_BYTES = 28
export const REGION_SCHEMA = 32
export const REGION_SCHEMA_MAX_BYTES = 64
/** The payload begins here: a multiple of two cache lines. */
export const REGION_HEADER_BYTES = 128

/** "ipcr" */
export const MAGIC = 0x72637069
export const LAYOUT_VERSION = 1
export const BYTE_ORDER_MARK = 0x01020304
export const READY = 0x59444552

/**
 * Objects of a region, in its payload.
 *
 * ```
 *    0 state | 4 creating | 8 end | 12 ... 127 reserved
 *  128 participants: 128 slots of 64 bytes
 * 8320 objects, one behind the other
 *
 * participant   0 state | 4 epoch | 8 wake | 12 mode | 16 pid | 20 losses | 24 bell | 28 bell | 32 ... 63 reserved
 * object        0 kind | 4 bytes | 8 name bytes | 12 name (52 bytes) | 64 parameters (24 bytes)
 *              88 schema bytes | 92 schema (36 bytes) | 128 body
 * event         0 any | 4 participants' bits (16 bytes)
 * ```
 */
export const OBJECTS_STATE = 0
export const OBJECTS_CREATING = 4
export const OBJECTS_END = 8
export const OBJECTS_PARTICIPANTS = 128

/** State of a payload that holds objects: "objs". */
export const OBJECTS = 0x736a626f

export const MAX_PARTICIPANTS = 128
export const PARTICIPANT_BYTES = 64
export const PARTICIPANT_STATE = 0
export const PARTICIPANT_EPOCH = 4
export const PARTICIPANT_WAKE = 8
export const PARTICIPANT_MODE = 12
export const PARTICIPANT_PID = 16
export const PARTICIPANT_LOSSES = 20
export const PARTICIPANT_BELL = 24

/** States of a participant's slot. */
export const SLOT_FREE = 0
export const SLOT_JOINING = 1
export const SLOT_LIVE = 2

/** Modes of a participant: it runs; a thread of it is blocked on `wake`; its event loop is parked. */
export const AWAKE = 0
export const BLOCKED = 1
export const PARKED = 2

export const OBJECTS_FIRST: number = OBJECTS_PARTICIPANTS + MAX_PARTICIPANTS * PARTICIPANT_BYTES

export const OBJECT_KIND = 0
export const OBJECT_BYTES = 4
export const OBJECT_NAME_BYTES = 8
export const OBJECT_NAME = 12
export const OBJECT_NAME_MAX_BYTES = 52
export const OBJECT_PARAMETERS = 64
export const OBJECT_SCHEMA_BYTES = 88
export const OBJECT_SCHEMA = 92
export const OBJECT_SCHEMA_MAX_BYTES = 36
export const OBJECT_HEADER_BYTES = 128
export const OBJECT_ALIGNMENT = 128

/** Kinds of objects. */
export const KIND_SHARED_BYTES = 1
export const KIND_SPSC_RING = 2
export const KIND_MPSC_RING = 3
export const KIND_BROADCAST_RING = 4
export const KIND_SHARED_VALUE = 5
export const KIND_MUTEX = 6
export const KIND_SEMAPHORE = 7
export const KIND_CONDITION = 8

export const EVENT_ANY = 0
export const EVENT_BITS = 4
/** A line of its own for each event. */
export const EVENT_BYTES = 64
