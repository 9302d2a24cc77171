import { IpcError, type Peer } from '@ipc/core'
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
import { leave } from './wire.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** How many sessions of a listener may be without a socket. The one that has been for the longest time gives way. */
export const MAX_DETACHED_SESSIONS = 4096

/** The sessions of a listener, to which dialers come back. */
export class SessionTable {
  readonly #sessions = new Map<string, AcceptedSession>()
  /** Those without a socket, the oldest first. */
  readonly #detached = new Set<AcceptedSession>()
  readonly #windowMs: number

  /** @param windowMs - How long a session waits for its dialer. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs
  }

  /** A session begins with these greetings, of a dialer that has proven to be `peer`. */
  begin({ greetings, wire }: Handshake, { identity }: Peer): AcceptedSession {
    const secrets = sessionSecrets(greetings, wire.socket)
    const session: AcceptedSession = new AcceptedSession({
      secrets,
      identity,
      windowMs: this.#windowMs,
      detached: () => this.#keep(session),
      attached: () => void this.#detached.delete(session),
      forgotten: () => {
        this.#sessions.delete(secrets.id)
        this.#detached.delete(session)
      },
    })
    this.#sessions.set(secrets.id, session)
    return session
  }

  /**
   * A dialer that has proven to be `peer` says that its session goes on: read RESUME. `passed` is called when it has proved
   * that it is its own.
   */
  resume(handshake: Handshake, theirs: Greeting, behind: Uint8Array, peer: Peer, passed: () => void): void {
    const { wire, greetings } = handshake
    const reader = new FirstFrame({
      type: FRAME.resume,
      bodyBytes: RESUME_BYTES,
      taken: (body, more, from, to) => {
        const session = this.#sessions.get(idOfResume(body))
        const state = session && readResume(session.secrets, greetings, body)
        // No word about which of both it was.
        if (session === undefined || state === undefined) return handshake.refuse(UNKNOWN)
        if (session.identity !== peer.identity) return handshake.refuse(UNKNOWN, otherIdentity(session, peer))
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

  /** It waits for its dialer, and holds memory meanwhile. */
  #keep(session: AcceptedSession): void {
    this.#detached.delete(session)
    this.#detached.add(session)
    if (this.#detached.size <= MAX_DETACHED_SESSIONS) return
    const [oldest] = this.#detached
    oldest?.giveWay()
  }
}

/** What an {@link AcceptedSession} needs. */
export interface AcceptedSessionInit {
  readonly secrets: SessionSecrets
  /** Who its dialer has proven to be; `undefined` where that was not asked for. */
  readonly identity: string | undefined
  /** How long it waits for its dialer. */
  readonly windowMs: number
  /** It has no socket any more. */
  detached(): void
  /** It has one again. */
  attached(): void
  /** Nobody can come back to it. */
  forgotten(): void
}

/** A session of a listener: waits for its dialer when the socket breaks. */
export class AcceptedSession implements SessionKeeper {
  readonly events: SessionEvents = new SessionEvents()
  readonly #init: AcceptedSessionInit
  #link: SocketLink<never> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #isReferenced = true
  /** What came in, of a connection that ended well: its dialer may not have heard of it. */
  #finished: SessionState | undefined

  constructor(init: AcceptedSessionInit) {
    this.#init = init
  }

  get secrets(): SessionSecrets {
    return this.#init.secrets
  }

  get identity(): string | undefined {
    return this.#init.identity
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
    const { windowMs } = this.#init
    const gone = `the peer is gone${cause === undefined ? '' : ` (${cause.message})`}`
    this.#timer = setTimeout(
      () => this.#lost(`${gone}, and did not come back within ${windowMs} ms`, cause),
      windowMs,
    )
    if (!this.#isReferenced) this.#timer.unref()
    this.#init.detached()
  }

  /** Others wait for their dialers, too many. */
  giveWay(): void {
    if (this.#finished === undefined) this.#lost('the peer is gone, and too many others wait to come back')
    else this.#forget()
  }

  over(): void {
    clearTimeout(this.#timer)
    this.events.become('ended')
    const link = this.#link
    // The connection is over: only what its dialer may have to be told once more is kept.
    this.#link = undefined
    if (link?.hasFinished !== true) {
      this.#forget()
      return
    }
    this.#finished = link.state
    this.#timer = setTimeout(() => this.#forget(), this.#init.windowMs).unref()
    this.#init.detached()
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
      leave(wire, Buffer.concat([encodeResumed(this.secrets, greetings, this.#finished), encodeClose()]))
      return
    }
    const link = this.#link as SocketLink<never>
    clearTimeout(this.#timer)
    this.#init.attached()
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

  #lost(why: string, cause?: Error): void {
    const link = this.#link as SocketLink<never>
    link.fail(sessionLostError('IPC_PEER_LOST', why, link.sent, cause))
  }

  #forget(): void {
    clearTimeout(this.#timer)
    this.#init.forgotten()
  }
}

/** The proof is right, and the dialer is somebody else: it was given the session, or has stolen it. */
function otherIdentity(session: AcceptedSession, { address, identity }: Peer): IpcError {
  const message = `${address} is refused: the session belongs to ${session.identity ?? 'nobody'}, not to ${identity ?? 'nobody'}`
  return new IpcError('IPC_AUTH_FAILED', message, { details: { address, identity } })
}

const UNKNOWN: WireError = {
  code: WIRE_ERROR.resumeUnknown,
  retryable: false,
  reason: 'there is no such session here',
}
const GAP: WireError = { code: WIRE_ERROR.resumeGap, retryable: false, reason: 'messages are missing' }
