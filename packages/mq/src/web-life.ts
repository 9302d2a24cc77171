import type { PortLife } from './port.js'

/** The part of `navigator.locks` that is used here. */
interface Locks {
  request(
    name: string,
    options: { readonly mode: 'exclusive' | 'shared'; readonly signal?: AbortSignal },
    granted: () => unknown,
  ): Promise<unknown>
}

/** A peer names its lock: none of the application's must be asked for by mistake, or malice. */
const PREFIX = '@ipc/mq life '

let own: Promise<string | undefined> | undefined

/**
 * Proof of life by Web Locks: a page or worker holds a lock of its own until it ends, however it ends; whoever gets that lock
 * knows. `undefined` where there are no Web Locks, as in insecure contexts.
 */
export function webLife(): PortLife | undefined {
  const locks = locksHere()
  if (locks === undefined) return undefined
  return {
    own() {
      own ??= hold(locks)
      return own
    },
    watch(name, ended) {
      if (!name.startsWith(PREFIX)) return () => {}
      const stop = new AbortController()
      locks.request(name, { mode: 'shared', signal: stop.signal }, ended).catch(() => {
        // Stopped, or this page ends itself.
      })
      return () => stop.abort()
    },
  }
}

/** Hold a lock for ever; resolves to its name once it is held. */
function hold(locks: Locks): Promise<string | undefined> {
  const name = PREFIX + crypto.randomUUID()
  return new Promise((resolve) => {
    const forEver = new Promise(() => {})
    const held = (): unknown => {
      resolve(name)
      return forEver
    }
    locks.request(name, { mode: 'exclusive' }, held).catch(() => resolve(undefined))
  })
}

function locksHere(): Locks | undefined {
  return (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks
}
