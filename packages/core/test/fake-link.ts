import type { Connection, ConnectionOptions, IpcError, SendOptions } from '../src/index.js'
import { createConnection, type Link, type LinkEvents, resolveLimits } from '../src/internal.js'

/** A link that does what the test says and remembers what the core asked of it. */
export class FakeLink implements Link<unknown> {
  readonly peer = { transport: 'fake', pid: 7 }
  readonly sent: unknown[] = []
  readonly calls: string[] = []
  congested = false
  bufferedMessages = 0
  bufferedBytes = 0
  bytesSent = 0
  aborted: IpcError | undefined
  /** Where messages go; nowhere unless set. */
  onSend: (message: unknown) => void = () => {}
  readonly events: LinkEvents

  constructor(events: LinkEvents) {
    this.events = events
  }

  send(message: unknown, _options: SendOptions | undefined): boolean {
    this.sent.push(message)
    this.onSend(message)
    return !this.congested
  }

  pause(): void {
    this.calls.push('pause')
  }

  resume(): void {
    this.calls.push('resume')
  }

  end(): void {
    this.calls.push('end')
  }

  destroy(abort: IpcError | undefined): void {
    this.calls.push('destroy')
    this.aborted = abort
  }

  ref(): void {
    this.calls.push('ref')
  }

  unref(): void {
    this.calls.push('unref')
  }
}

/** A connection over a {@link FakeLink}. */
export function fakeConnection(options: ConnectionOptions = {}): { connection: Connection; link: FakeLink } {
  let link: FakeLink | undefined
  const connection = createConnection({
    options,
    limits: resolveLimits(options),
    link(events) {
      link = new FakeLink(events)
      return link
    },
  })
  return { connection, link: link! }
}

/** Two connections whose messages cross in later turns of the event loop. */
export function joinedConnections(
  options: ConnectionOptions = {},
): [Connection, Connection, FakeLink, FakeLink] {
  const [one, other] = [fakeConnection(options), fakeConnection(options)]
  for (const [from, to] of [
    [one.link, other.link],
    [other.link, one.link],
  ] as const) {
    from.onSend = (message) => {
      const copy: unknown = structuredClone(message)
      setImmediate(() => to.events.deliver(copy, 10))
    }
    from.end = () => {
      setImmediate(() => {
        from.events.ended()
        to.events.peerEnded()
      })
    }
  }
  return [one.connection, other.connection, one.link, other.link]
}
