import { EventEmitter } from 'node:events'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import type { Server } from 'node:net'
import { bytes, type Connection } from '@ipc/core'
import { createListener, resolveLimits } from '@ipc/core/internal'
import { Acceptor } from '../../src/acceptor.js'
import { connectTo } from '../../src/connect.js'
import { FRAME } from '../../src/frame.js'
import { GREETING_FLAG } from '../../src/greeting.js'
import { resolveNetOptions, termsFor } from '../../src/net-options.js'
import type { SessionSecrets } from '../../src/session.js'
import { FIELDS, frame } from './frames.js'
import { HostileSocket, LIMITS } from './hostile-side.js'
import { MemorySocket } from './memory-socket.js'
import { faultOf, isConsistent } from './reference.js'
import type { VirtualClock } from './virtual-clock.js'

/** What an input has led to that must not be. */
export class Violation extends Error {}

const SETTINGS = resolveNetOptions({
  resume: { windowMs: 5000 },
  silenceMs: 1000,
  handshakeTimeoutMs: 500,
  reconnect: { firstMs: 50, longestMs: 1000, giveUpAfterMs: 1500 },
})
const ADDRESS = 'tcp://127.0.0.1:4000'
const MAX_FRAME = 262_144
const nodeNet = createRequire(import.meta.url)('node:net') as { connect: unknown }

/** Who is called by dialers of this process. */
let called: ((options: { onread: never }) => MemorySocket) | undefined

/** Nobody in this process reaches a network any more. */
function captureDialers(): void {
  if (called !== undefined) return
  called = () => new MemorySocket()
  nodeNet.connect = (options: { onread: never }) => called?.(options)
  syncBuiltinESMExports()
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Reads an input. Beyond its end there are zeros. */
class Bytes {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(input: Uint8Array) {
    this.#bytes = input
  }

  get isOver(): boolean {
    return this.#at >= this.#bytes.length
  }

  next(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  take(count: number): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(this.#at, this.#at + count))
    this.#at += count
    return taken
  }
}

/**
 * Plays a hostile peer to the whole state machine, listener or dialer, by what the bytes of an input say, over sockets in
 * memory and in time that only passes when it is told to.
 *
 * @throws Violation when something came out of it that must not.
 */
export async function converse(input: Uint8Array, clock: VirtualClock): Promise<void> {
  const conversation = new Conversation(new Bytes(input), clock)
  await conversation.run()
}

class Conversation {
  readonly #input: Bytes
  readonly #clock: VirtualClock
  readonly #sockets: HostileSocket[] = []
  readonly #delivered: Buffer[] = []
  readonly #connections: Connection<Uint8Array, Uint8Array>[] = []
  #secrets: SessionSecrets | undefined
  #isDialing = false
  #flags = 0
  /** Messages of the implementation. */
  #count = 0
  /** What messages of the peer are filled with. */
  #fill = 0
  #cut = 0
  /** Nobody can be called any more. */
  #isOver = false
  #open: () => void = () => {}
  #stop: () => Promise<void> = async () => {}
  #connecting: Promise<void> | undefined
  readonly #faults: string[] = []

  constructor(input: Bytes, clock: VirtualClock) {
    this.#input = input
    this.#clock = clock
  }

  async run(): Promise<void> {
    const how = this.#input.next()
    this.#isDialing = (how & 1) !== 0
    this.#flags = (how & 2) !== 0 ? GREETING_FLAG.resumable : 0
    this.#cut = this.#input.next()
    if (this.#isDialing) this.#dial(how)
    else this.#listen(how)
    this.#open()
    await turn()
    this.#greet()
    for (let steps = 0; !this.#input.isOver && steps < 60; steps++) {
      await this.#step()
      await turn()
    }
    await this.#stop()
    await this.#end()
    this.#check()
  }

  get #last(): HostileSocket | undefined {
    return this.#sockets.at(-1)
  }

  /** The implementation listens. */
  #listen(how: number): void {
    const server = Object.assign(new EventEmitter(), {
      close() {},
      ref() {},
      unref() {},
    }) as unknown as Server
    const isAllowed = (how & 128) === 0
    const authorize = (how & 32) !== 0 ? () => turn().then(() => isAllowed) : undefined
    const options = { ...LIMITS, codec: bytes(), allowHalfOpen: (how & 64) !== 0 }
    const settings = { ...SETTINGS, authorize }
    const acceptor = new Acceptor<Uint8Array, Uint8Array>({
      server,
      address: ADDRESS,
      codec: bytes(),
      options,
      limits: resolveLimits(LIMITS),
      settings,
      terms: termsFor(settings, { scheme: 'tcp', host: '127.0.0.1', port: 4000 }),
    })
    const listener = acceptor.serve(createListener<Uint8Array, Uint8Array, string>(acceptor))
    void (async () => {
      for await (const connection of listener) this.#use(connection, how)
    })()
    this.#open = () => {
      const socket = new MemorySocket()
      this.#sockets.push(new HostileSocket(socket, true))
      server.emit('connection', socket)
    }
    this.#stop = () => listener.close()
  }

  /** The implementation calls; each call is a socket. */
  #dial(how: number): void {
    captureDialers()
    called = (options) => {
      const socket = new MemorySocket(options.onread)
      this.#sockets.push(new HostileSocket(socket, false))
      process.nextTick(() => (this.#isOver ? socket.deliverReset() : socket.emit('connect')))
      return socket
    }
    const options = { ...LIMITS, codec: bytes(), allowHalfOpen: (how & 64) !== 0 }
    this.#connecting = connectTo<Uint8Array, Uint8Array>(ADDRESS, options, SETTINGS).then(
      (connection) => this.#use(connection, how),
      (error: { code?: string }) => {
        if (error.code === undefined) this.#faults.push(`connect rejected with ${String(error)}`)
      },
    )
  }

  #use(connection: Connection<Uint8Array, Uint8Array>, how: number): void {
    this.#connections.push(connection)
    const reads = (how >> 2) & 3
    if (reads === 0) return
    connection.onMessage((message) => {
      this.#delivered.push(Buffer.from(message))
      if (reads === 2) this.#send(connection, message.length)
      if (reads === 3 && this.#delivered.length === 3) void connection.close().catch(() => {})
    })
  }

  /** Numbered, so that what comes out twice, or not at all, comes to light. */
  #send(connection: Connection<Uint8Array, Uint8Array>, size: number): void {
    const message = new Uint8Array(Math.max(4, size))
    new DataView(message.buffer).setUint32(0, this.#count, true)
    try {
      connection.send(message)
      this.#count++
    } catch (error) {
      if ((error as { code?: string }).code === undefined) throw error
    }
  }

  #greet(flags = this.#flags, differs = this.#input.next()): void {
    const last = this.#last
    if (last === undefined) return
    const at = this.#input
    if (differs < 200) last.greet(flags, { credit: [1 << 20, 1, 200, 5000][differs % 4]! })
    else if (differs < 230) {
      const [field, bits] = FIELDS[differs % FIELDS.length]!
      last.greet(flags, { [field]: (at.next() * 2 ** (at.next() % 25)) % 2 ** bits })
    }
    if (differs < 230 && last.greeting.length > 0) this.#secrets ??= last.secrets
  }

  /** In one piece, byte by byte, or in pieces of a size. */
  #deliver(frame: Buffer): void {
    const last = this.#last
    if (last === undefined) return
    const size = this.#cut === 0 ? frame.length : frame.length > 2000 ? 65_537 : 1 + (this.#cut % 50)
    for (let at = 0; at < frame.length; at += size) last.deliver(frame.subarray(at, at + size))
  }

  async #step(): Promise<void> {
    const input = this.#input
    const code = input.next() % 16
    // The greeting of the other side may have come only now.
    this.#secrets ??= this.#last?.secrets
    if (code === 0) this.#deliver(input.take(input.next()))
    else if (code < 12) this.#frame(code)
    else if (code === 12) this.#break(input.next())
    else if (code === 13) await this.#resume()
    else if (code === 14) this.#application(input.next())
    else await this.#clock.advance([1, 10, 100, 1000, 6000, 61_000][input.next() % 6]!, turn)
  }

  #frame(code: number): void {
    const input = this.#input
    const argument = input.next()
    const body = (size: number): Buffer => Buffer.alloc(size, this.#fill++ & 0xff)
    if (code === 1) this.#deliver(frame(FRAME.data, 3, body(argument)))
    else if (code === 2) this.#deliver(frame(FRAME.data, 3, body(argument * 64)))
    else if (code === 3) this.#large(argument)
    else if (code === 4) this.#grant(2 ** (argument % 33))
    else if (code === 5) this.#acknowledge(argument)
    else if (code === 6) this.#deliver(frame(FRAME.alive, 0, Buffer.alloc(0)))
    else if (code === 7) this.#deliver(frame(FRAME.close, 0, Buffer.alloc(0)))
    else if (code === 8)
      this.#deliver(
        frame(FRAME.error, 0, Buffer.from([argument, 0, argument & 1, ...input.take(argument % 8)])),
      )
    else if (code === 9) this.#deliver(frame(0x80 | argument, input.next(), Buffer.alloc(argument)))
    else if (code === 10) this.#deliver(frame(argument, input.next() % 4, Buffer.alloc(input.next())))
    else for (let i = 0; i < argument; i++) this.#deliver(frame(FRAME.data, 3, body(i % 5)))
  }

  /** A message of two frames, or of which something is wrong. */
  #large(how: number): void {
    const total = how < 200 ? MAX_FRAME + 1 + how : how * 2000
    const first = Buffer.alloc(MAX_FRAME, how)
    first.writeUIntLE(total, 0, 6)
    this.#deliver(frame(FRAME.data, 1, first))
    const rest = total + 6 - MAX_FRAME + (how % 7 === 0 ? 1 : 0)
    if (how % 5 !== 0 && rest > 0 && rest < MAX_FRAME)
      this.#deliver(frame(FRAME.data, 2, Buffer.alloc(rest, how)))
  }

  #grant(credit: number): void {
    const body = Buffer.alloc(4)
    body.writeUInt32LE(Math.min(credit, 2 ** 32 - 1))
    this.#deliver(frame(FRAME.credit, 0, body))
  }

  /** Of all that came, or of something else. */
  #acknowledge(how: number): void {
    const body = Buffer.alloc(8)
    body.writeUInt32LE(Math.max(0, this.#took + (how < 128 ? 0 : how - 192)))
    this.#deliver(frame(FRAME.ack, 0, body))
  }

  /** Messages of the implementation that have come, of all its messages. */
  get #took(): number {
    return this.#sockets.reduce(
      (most, { taken }) => Math.max(most, ...taken.map((message) => 1 + message.readUInt32LE(0))),
      0,
    )
  }

  #break(how: number): void {
    const socket = this.#last?.socket
    if (socket === undefined) return
    if (how % 4 === 0) socket.deliverEnd()
    else if (how % 4 === 1) socket.deliverReset()
    else if (how % 4 === 2) socket.isStalled = true
    else socket.flow()
  }

  /** Go on over another socket, with a right proof or a wrong one. */
  async #resume(): Promise<void> {
    const input = this.#input
    const how = input.next()
    if (this.#isDialing) {
      this.#last?.socket.deliverReset()
      await turn()
      await this.#clock.advance(150, turn)
      if (this.#last?.greeting.length !== 0) return
    } else this.#open()
    await turn()
    const flags = GREETING_FLAG.resumable | (this.#isDialing ? 0 : GREETING_FLAG.resuming)
    this.#greet((how & 32) === 0 ? flags : input.next(), (how & 64) === 0 ? 0 : input.next())
    await turn()
    if (this.#secrets === undefined || (how & 16) !== 0) return
    const received = Math.max(0, this.#took + ((how & 2) === 0 ? 0 : input.next() - 128))
    const credit = [1 << 20, 0, -5000, 1][how % 4]!
    this.#last?.resume(this.#secrets, { received, credit }, (how & 128) === 0 ? undefined : input.next())
  }

  #application(what: number): void {
    const connection = this.#connections.at(-1)
    if (connection === undefined) return
    if (what < 100) this.#send(connection, what)
    else if (what < 130) for (let i = 0; i < 20; i++) this.#send(connection, what)
    else if (what < 140) this.#send(connection, 300_000)
    else if (what < 160) void connection.close().catch(() => {})
    else if (what < 170) connection.abort('enough')
    else this.#read(connection, what % 8)
  }

  #read(connection: Connection<Uint8Array, Uint8Array>, count: number): void {
    for (let i = 0; i < count; i++) {
      let message: Uint8Array | undefined
      try {
        message = connection.tryReceive()
      } catch (error) {
        // It is read by a listener.
        if (error instanceof TypeError) return
        throw error
      }
      if (message === undefined) return
      this.#delivered.push(Buffer.from(message))
    }
  }

  /** The peer is gone for good, and so is everything after some time. */
  async #end(): Promise<void> {
    for (const { socket } of this.#sockets) {
      socket.flow()
      socket.deliverReset()
    }
    await turn()
    this.#isOver = true
    for (let i = 0; i < 3; i++) await this.#clock.advance(70_000, turn)
    await turn()
    for (const connection of this.#connections) {
      if (connection.status !== 'closed')
        throw new Violation(`a connection is ${connection.status} at the end`)
      const { by, code, error } = await connection.closed
      if (code === undefined && !this.#sockets.some(({ hasClosed }) => hasClosed))
        throw new Violation('closed in order without CLOSE')
      if ((code === undefined) !== (error === undefined))
        throw new Violation(`ended by ${by} with ${code} and ${error}`)
      this.#read(connection, Number.POSITIVE_INFINITY)
    }
    await this.#connecting
    if (this.#clock.pending > 0) throw new Violation(`${this.#clock.pending} timers are left`)
  }

  #check(): void {
    if (this.#faults.length > 0) throw new Violation(this.#faults.join(', '))
    let first = this.#sockets[0]
    for (const socket of this.#sockets) {
      // The limits of a session are those with which it began: a dialer's with its first socket, a listener's with each one
      // that it greets and that is not for one that goes on.
      if (!this.#isDialing && !socket.isResuming && socket.received[0] === 0x89) first = socket
      if (!socket.socket.destroyed) throw new Violation('a socket is left')
      const fault = faultOf(socket.received, {
        ...first!.limits,
        credit: socket.granted,
        isCut: !socket.socket.hasEnded,
      })
      if (fault !== undefined) throw new Violation(`sent ${fault}`)
      const numbers = socket.taken.map((message) => message.readUInt32LE(0))
      if (numbers.some((number, i) => number !== numbers[0]! + i)) throw new Violation(`sent ${numbers}`)
    }
    // Of several connections each has a part of it.
    if (this.#connections.length > 1) return
    if (
      !isConsistent(
        this.#delivered,
        this.#sockets.map(({ messages }) => messages),
      )
    ) {
      throw new Violation(`delivered ${this.#delivered.length} messages that were not sent like that`)
    }
  }
}
