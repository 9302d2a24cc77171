import { IpcError } from '@ipc/core'
import type { Command, PlainAction, QueueEvent } from './commands.js'
import type { LeaseToken } from './state-machine.js'

type SettleEach = Extract<Command, { readonly kind: 'settle-each' }>

/** A command must not grow beyond what a connection carries. */
const MOST_LEASES = 1024

/** Whoever waits to hear that a delivery is settled. */
export interface SettleWait {
  resolve(): void
  reject(error: IpcError): void
}

/** The same said of several deliveries of a queue in one tick: one command, whose answer says which ones came late. */
export class GatheredSettles implements SettleEach {
  readonly kind = 'settle-each'
  readonly handle: number
  readonly action: PlainAction
  readonly leases: number[] = []
  /** 0 while nobody waits. */
  request = 0
  /** By place. */
  readonly #waits: (SettleWait | undefined)[] = []

  constructor(handle: number, action: PlainAction) {
    this.handle = handle
    this.action = action
  }

  /** Whether others have to go with the next one. */
  get isFull(): boolean {
    return this.#waits.length >= MOST_LEASES
  }

  add({ seq, epoch }: LeaseToken, wait: SettleWait | undefined): void {
    this.leases.push(seq, epoch)
    this.#waits.push(wait)
  }

  /** Tell everybody who waits. */
  answer(event: QueueEvent | IpcError): void {
    const failure = !('kind' in event)
      ? event
      : event.kind === 'failed'
        ? IpcError.fromJSON(event.error)
        : undefined
    const late = 'kind' in event && event.kind === 'settled' ? event.late : []
    const lateOnes = late.length === 0 ? undefined : new Set(late)
    for (const [place, wait] of this.#waits.entries()) {
      if (wait === undefined) continue
      // A new error for each: its stack shows the caller.
      if (failure !== undefined) wait.reject(again(failure))
      else if (lateOnes?.has(place)) wait.reject(this.#lateError(place))
      else wait.resolve()
    }
  }

  #lateError(place: number): IpcError {
    const [seq, epoch] = this.leases.slice(2 * place)
    const what = `the lease is over (message ${seq}, lease ${epoch}): somebody else may have the message`
    return new IpcError('IPC_LEASE_LOST', what)
  }
}

/** A new error for each who hears of it: its stack shows the caller. */
export function again(error: IpcError): IpcError {
  return new IpcError(error.code, error.message, { cause: error, details: error.details })
}
