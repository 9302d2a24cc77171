import type { IpcErrorCode } from '@ipc/core'
import type { SentOut } from './commands.js'
import { type HostedQueue, sentOut } from './hosted-queue.js'
import type { StoredMessage } from './queue-store.js'
import type { LeaseToken, NewMessage } from './state-machine.js'

/** Ends a command: it is answered by this. */
export class Refusal extends Error {
  readonly code: IpcErrorCode

  constructor(code: IpcErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

/** Refuse a message that a queue could not hold if it were empty. */
export function checkSize({ name, settings }: HostedQueue, bytes: number): void {
  if (bytes <= settings.maxBytes) return
  throw new Refusal(
    'IPC_MESSAGE_TOO_LARGE',
    `message of ${bytes} bytes exceeds maxBytes of ${settings.maxBytes} of queue ${name}`,
  )
}

/** Whether a queue has room for all of these, once so much has left it. */
export function fits(
  { machine }: HostedQueue,
  messages: readonly NewMessage[],
  now: number,
  freedMessages = 0,
  freedBytes = 0,
): boolean {
  const fresh = messages.filter((message) => machine.findDuplicate(message, now) === undefined)
  const bytes = fresh.reduce((sum, message) => sum + message.bytes, 0)
  return fresh.length === 0 || machine.hasRoom(fresh.length - freedMessages, bytes - freedBytes)
}

export function full({ name, settings, table }: HostedQueue): Refusal {
  const { ready, delayed, blocked, leased, bytes } = table.counts
  const present = ready + delayed + blocked + leased
  return new Refusal(
    'IPC_QUEUE_FULL',
    `queue ${name} holds ${present} of ${settings.maxMessages} messages, ${bytes} of ${settings.maxBytes} bytes`,
  )
}

export function leaseOver({ seq, epoch }: LeaseToken): Refusal {
  return new Refusal(
    'IPC_LEASE_LOST',
    `the lease is over (message ${seq}, lease ${epoch}): somebody else may have the message`,
  )
}

export function denied(operation: string, name: string): Refusal {
  return new Refusal('IPC_PERMISSION_DENIED', `this peer may not ${operation} at ${name}`)
}

/** The messages for a client, as many as `maxBytes` allow; one at least. */
export function atMost(maxBytes: number, messages: readonly StoredMessage[]): SentOut[] {
  const listed: SentOut[] = []
  let bytes = 0
  for (const message of messages) {
    bytes += message.bytes
    if (listed.length > 0 && bytes > maxBytes) break
    listed.push(sentOut(message))
  }
  return listed
}

/** Run what may find that a peer asks for what makes no sense. @throws Refusal `IPC_PROTOCOL`. */
export function checked<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw new Refusal('IPC_PROTOCOL', error instanceof Error ? error.message : String(error))
  }
}
