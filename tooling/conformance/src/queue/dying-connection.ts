import type { Connection, Interceptor } from '@ipc/core'

/**
 * The connection of a host that dies at a certain step: when a message comes in, before one goes out, or after. Every
 * message is such a step, in order.
 *
 * @param die - Called at step `at`. If it returns, nothing comes or goes any more.
 */
export function dyingConnection(
  connection: Connection<unknown, unknown>,
  at: number,
  die: () => void,
): { readonly connection: Connection<unknown, unknown>; steps(): number } {
  let steps = 0
  const isDead = (): boolean => steps >= at
  const step = (): void => {
    if (!isDead() && ++steps === at) die()
  }
  const members: Partial<Connection<unknown, unknown>> = {
    intercept: (interceptor: Interceptor<unknown>) =>
      connection.intercept((message, incoming) => {
        step()
        return isDead() || interceptor(message, incoming)
      }),
    send(message, options) {
      step()
      if (isDead()) return true
      const isFlowing = connection.send(message, options)
      step()
      return isFlowing
    },
  }
  const dying = new Proxy(connection, {
    get(target, key) {
      if (key in members) return members[key as keyof typeof members]
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { connection: dying, steps: () => steps }
}
