import { type IpcError, isIpcError } from '@ipc/core'
import { Backoff } from './backoff.js'
import { type DialInit, dial } from './dial.js'
import { FirstFrame } from './first-frame.js'
import { FRAME } from './frame.js'
import { GREETING_FLAG, type Greeting } from './greeting.js'
import type { Handshake } from './handshake.js'
import {
  encodeResume,
  RESUMED_BYTES,
  readResumed,
  type SessionSecrets,
  type SessionState,
  sessionSecrets,
} from './session.js'
import { SessionEvents } from './session-events.js'
import { sessionLostError } from './session-lost.js'
import type { SessionKeeper, SocketLink } from './socket-link.js'
import { drop } from './wire.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** With these the same attempt fails again. */
const FATAL = ['IPC_AUTH_FAILED', 'IPC_PERMISSION_DENIED', 'IPC_PROTOCOL', 'IPC_VERSION_MISMATCH'] as const

/** Brings the session of a dialer on: calls the listener again until it answers. */
export class Redialer<Out> implements SessionKeeper {
  readonly events: SessionEvents = new SessionEvents()
  readonly #init: Omit<DialInit, 'greeted' | 'failed'>
  readonly #backoff: Backoff
  #link: SocketLink<Out> | undefined
  #secrets: SessionSecrets | undefined
  #handshake: Handshake | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #lostAtMs = 0
  #isReferenced = true
  #isOver = false

  constructor(init: Omit<DialInit, 'greeted' | 'failed'>) {
    const { terms } = init
    this.#init = { ...init, terms: { ...terms, flags: terms.flags | GREETING_FLAG.resuming } }
    this.#backoff = new Backoff(init.settings.reconnect)
  }

  /** The session begins. */
  begin(link: SocketLink<Out>, { greetings, wire }: Handshake): void {
    this.#link = link
    this.#secrets = sessionSecrets(greetings, wire.socket)
  }

  wireLost(_cause: Error | undefined): void {
    if (this.#isOver) return
    this.#lostAtMs = performance.now()
    this.events.become('reconnecting')
    this.#redialLater()
  }

  over(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
    this.#handshake?.cancel()
    this.#handshake = undefined
    this.events.become('ended')
  }

  ref(): void {
    this.#isReferenced = true
    this.#timer?.ref()
    this.#handshake?.wire.socket.ref()
  }

  unref(): void {
    this.#isReferenced = false
    this.#timer?.unref()
    this.#handshake?.wire.socket.unref()
  }

  #redialLater(): void {
    this.#timer = setTimeout(() => this.#redial(), this.#backoff.next())
    if (!this.#isReferenced) this.#timer.unref()
  }

  #redial(): void {
    const handshake = dial({
      ...this.#init,
      greeted: (theirs, source, start, end) => {
        if ((theirs.flags & GREETING_FLAG.resumable) === 0) return NOT_RESUMABLE
        this.#resume(handshake, theirs, source, start, end)
        return undefined
      },
      failed: (error) => this.#failed(error),
    })
    this.#handshake = handshake
    if (!this.#isReferenced) handshake.wire.socket.unref()
  }

  #resume(handshake: Handshake, theirs: Greeting, source: Uint8Array, start: number, end: number): void {
    const { wire, greetings } = handshake
    const { id, key } = this.#secrets as SessionSecrets
    const link = this.#link as SocketLink<Out>
    const reader = new FirstFrame({
      type: FRAME.resumed,
      bodyBytes: RESUMED_BYTES,
      taken: (body, more, from, to) => {
        handshake.done()
        this.#handshake = undefined
        const state = readResumed({ id, key }, greetings, body)
        this.#goOn(handshake, theirs, state)
        link.bytes(more, from, to)
      },
      refused: (error) => handshake.refused(error),
      violation: (error) => handshake.refuse(error),
      broke: (error) => handshake.broke(error),
    })
    wire.reader = reader
    wire.socket.write(encodeResume({ id, key }, greetings, link.state))
    reader.bytes(source, start, end)
  }

  #goOn({ wire }: Handshake, theirs: Greeting, state: SessionState | undefined): void {
    const link = this.#link as SocketLink<Out>
    if (state === undefined || !link.attach(wire, theirs, state)) {
      drop(wire)
      link.fail(
        sessionLostError('IPC_SESSION_LOST', 'the listener has another session than this one', link.sent),
      )
      return
    }
    this.#backoff.reset()
    this.events.become('connected')
  }

  #failed(error: IpcError): void {
    this.#handshake = undefined
    const link = this.#link
    if (this.#isOver || link === undefined) return
    const wireCode = (error.details as { readonly wireCode?: number } | undefined)?.wireCode
    if (wireCode === WIRE_ERROR.resumeUnknown || wireCode === WIRE_ERROR.resumeGap) {
      const why = 'the listener does not know the session any more: it was restarted, or waited in vain'
      link.fail(sessionLostError('IPC_SESSION_LOST', why, link.sent, error))
    } else if (FATAL.some((code) => isIpcError(error, code))) {
      link.fail(sessionLostError(error.code, error.message, link.sent, error))
    } else if (performance.now() - this.#lostAtMs >= this.#init.settings.reconnect.giveUpAfterMs) {
      link.fail(
        sessionLostError(
          'IPC_PEER_LOST',
          `the listener is not to be reached: ${error.message}`,
          link.sent,
          error,
        ),
      )
    } else this.#redialLater()
  }
}

const NOT_RESUMABLE: WireError = {
  code: WIRE_ERROR.feature,
  retryable: false,
  reason: 'this is for a session that goes on, and the listener has none',
}
