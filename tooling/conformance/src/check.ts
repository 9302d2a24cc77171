import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type Connection, type IpcErrorCode, isIpcError } from '@ipc/core'
import { expect } from 'vitest'
import { numberedMessage } from './numbered.js'

/** Expect `attempt` to reject with (or throw) an `IpcError` of this code; returns it. */
export async function expectIpcError(
  attempt: Promise<unknown> | (() => unknown),
  code: IpcErrorCode,
): Promise<Error> {
  const error = await failureOf(attempt)
  expect(isIpcError(error) ? error.code : error).toBe(code)
  return error as Error
}

/** Expect misuse to be refused with this class of error, thrown or rejected. */
export async function expectMisuse(
  attempt: () => unknown,
  type: typeof TypeError | typeof RangeError,
): Promise<void> {
  const error = await failureOf(attempt)
  expect(error).toBeInstanceOf(type)
  expect(isIpcError(error)).toBe(false)
}

async function failureOf(attempt: Promise<unknown> | (() => unknown)): Promise<unknown> {
  let value: unknown
  try {
    value = await (typeof attempt === 'function' ? attempt() : attempt)
  } catch (error) {
    return error
  }
  throw new Error(`no failure; the result is ${String(value)}`)
}

/** Expect two values to be the same in kind and content. Quicker than a matcher where there are many bytes. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return
  expect(actual).toStrictEqual(expected)
  throw new Error('the values differ in a way that the matcher does not see: the sign of a zero')
}

/** What a promise has become by now. */
export function watch(promise: Promise<unknown>): { readonly state: 'pending' | 'resolved' | 'rejected' } {
  const watched: { state: 'pending' | 'resolved' | 'rejected' } = { state: 'pending' }
  promise.then(
    () => {
      watched.state = 'resolved'
    },
    () => {
      watched.state = 'rejected'
    },
  )
  return watched
}

/** Poll until `condition` holds; the test's watchdog bounds it. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await delay(5)
}

/** Collect what is thrown out of callbacks while `run` runs, which would otherwise end the process. */
export async function uncaughtDuring(run: () => Promise<void>): Promise<unknown[]> {
  const errors: unknown[] = []
  const others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => errors.push(error))
  try {
    await run()
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of others) process.on('uncaughtException', listener)
  }
  return errors
}

/**
 * Long enough for a transport that still moves to show it. In several steps, so that many turns of the event loop pass
 * even where it is busy. Too short a pause only makes a test assert less, never something wrong.
 */
async function pause(): Promise<void> {
  for (let step = 0; step < 10; step++) await delay(15)
}

/**
 * Send messages of `bytes`, awaiting `drained` as one should, until nothing moves any more because the peer does not
 * read. Returns how many were accepted.
 */
export async function fillUntilStuck(connection: Connection, bytes = 4096): Promise<number> {
  const stream = { count: Number.MAX_SAFE_INTEGER, bytes }
  for (let accepted = 1; ; accepted++) {
    if (connection.send(numberedMessage(stream, accepted - 1))) continue
    const giveUp = new AbortController()
    const drained = connection.drained({ signal: giveUp.signal })
    const flows = await Promise.race([drained.then(() => true), pause().then(() => false)])
    if (flows) continue
    const check = expectIpcError(drained, 'IPC_ABORTED')
    giveUp.abort()
    await check
    return accepted
  }
}

/** Wait until a counter stands still. */
export async function quiet(counter: () => number): Promise<void> {
  for (let before = -1; before !== counter(); ) {
    before = counter()
    await pause()
  }
}
