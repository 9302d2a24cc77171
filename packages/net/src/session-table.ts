import { FirstFrame } from './first-frame.js'
import { encodeClose, encodeError, FRAME } from './frame.js'
import type { Greeting } from './greeting.js'
import type { Handshake } from './handshake.js'
import {
  encodeResumed,
  idOfResume,
  RESUME_BYTES,
  readResume,
  type SessionSecrets,
  type SessionState,
  sessionSecrets,
} from './session.js'
import { SessionEvents } from './session-events.js'
import { sessionLostError } from './session-lost.js'
import type { SessionKeeper, SocketLink } from './socket-link.js'
import { leave, NOBODY } from './wire.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** The sessions of a listener, to which dialers come back. */
export class SessionTable {
  readonly #sessions = new Map<string, AcceptedSession>()
  readonly #windowMs: number

  /** @param windowMs - How long a session waits for its dialer. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A session begins with these greetings. */
  begin({ greetings, wire }: Handshake): AcceptedSession {
    const secrets = sessionSecrets(greetings, wire.socket)
    const session = new AcceptedSession(secrets, this.#windowMs, () => this.#sessions.delete(secrets.id))
    this.#sessions.set(secrets.id, session)
    return session
  }

  /** A dialer says that its session goes on: read RESUME. `passed` is called when it has proved that it is its own. */
  resume(handshake: Handshake, theirs: Greeting, behind: Uint8Array, passed: () => void): void {
    const { wire, greetings } = handshake
    const reader = new FirstFrame({
      type: FRAME.resume,
      bodyBytes: RESUME_BYTES,
      taken: (body, more, from, to) => {
        const session = this.#sessions.get(idOfResume(body))
        const state = session && readResume(session.secrets, greetings, body)
        // No word about which of both it was.
        if (session === undefined || state === undefined) return handshake.refuse(UNKNOWN)
        passed()
        session.goOn(handshake, theirs, state)
        wire.reader.bytes(more, from, to)
      },
      refused: () => handshake.cancel(),
      violation: (error) => handshake.refuse(error),
      broke: (error) => handshake.broke(error),
    })
    wire.reader = reader
    wire.socket.write(handshake.greeting)
    reader.bytes(behind, 0, behind.length)
  }
}

/** A session of a listener: waits for its dialer when the socket breaks. */
export class AcceptedSession implements SessionKeeper {
  readonly events: SessionEvents = new SessionEvents()
  readonly secrets: SessionSecrets
  readonly #windowMs: number
  readonly #forget: () => void
  #link: SocketLink<never> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isReferenced = true
  /** What came in, of a connection that ended well: its dialer may not have heard of it. */
  #finished: SessionState | undefined

  constructor(secrets: SessionSecrets, windowMs: number, forget: () => void) {
    this.secrets = secrets
    this.#windowMs = windowMs
    this.#forget = forget
  }

  /** The link that goes on. */
  set link(link: SocketLink<never>) {
    this.#link = link
  }

  wireLost(cause: Error | undefined): void {
    const link = this.#link as SocketLink<never>
    // Nothing is left to do; the dialer may have to be told once more.
    if (link.hasFinished) {
      link.complete()
      return
    }
    this.events.become('reconnecting')
    this.#timer = setTimeout(() => {
      const why = `the peer is gone${cause === undefined ? '' : ` (${cause.message})`}, and did not come back within ${this.#windowMs} ms`
      link.fail(sessionLostError('IPC_PEER_LOST', why, link.sent, cause))
    }, this.#windowMs)
    if (!this.#isReferenced) this.#timer.unref()
  }

  over(): void {
    clearTimeout(this.#timer)
    this.events.become('ended')
    if (this.#link?.hasFinished !== true) {
      this.#forget()
      return
    }
    this.#finished = this.#link.state
    this.#timer = setTimeout(this.#forget, this.#windowMs).unref()
  }

  ref(): void {
    this.#isReferenced = true
    if (this.#finished === undefined) this.#timer?.ref()
  }

  unref(): void {
    this.#isReferenced = false
    this.#timer?.unref()
  }

  /** The dialer has come back. */
  goOn(handshake: Handshake, theirs: Greeting, state: SessionState): void {
    const { wire, greetings } = handshake
    if (this.#finished !== undefined) {
      wire.reader = { ...NOBODY, fin: () => wire.socket.destroySoon() }
      wire.socket.end(Buffer.concat([encodeResumed(this.secrets, greetings, this.#finished), encodeClose()]))
      return
    }
    const link = this.#link as SocketLink<never>
    clearTimeout(this.#timer)
    // First: whatever still comes by the old socket is not ours any more.
    link.detach()
    wire.socket.write(encodeResumed(this.secrets, greetings, link.state))
    if (link.attach(wire, theirs, state)) {
      this.events.become('connected')
      return
    }
    leave(wire, encodeError(GAP))
    link.fail(sessionLostError('IPC_SESSION_LOST', 'the dialer has another session than this one', link.sent))
  }
}

const UNKNOWN: WireError = {
  code: WIRE_ERROR.resumeUnknown,
  retryable: false,
  reason: 'there is no such session here',
}
const GAP: WireError = { code: WIRE_ERROR.resumeGap, retryable: false, reason: 'messages are missing' }
