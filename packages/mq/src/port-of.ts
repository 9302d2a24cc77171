import { nodePort } from './node-port.js'
import type { PortLike } from './port.js'
import { processPort } from './process-port.js'
import type { NodePortTarget, ProcessTarget, WebPortTarget } from './targets.js'
import { webPort } from './web-port.js'

type Shape = Readonly<Record<string, unknown>>

/**
 * The port at `target`, recognised by its shape.
 *
 * @throws TypeError when it is none, or a process.
 */
export function portOf(target: unknown): PortLike {
  const shape = shapeOf(target)
  const { postMessage, on, off, addEventListener, removeEventListener } = shape
  if (typeof postMessage === 'function' && !('document' in shape)) {
    if (typeof on === 'function' && typeof off === 'function') return nodePort(target as NodePortTarget)
    if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') {
      return webPort(target as WebPortTarget)
    }
  }
  const hint = typeof shape.send === 'function' ? '; processes are reached by mqProcess()' : ''
  throw new TypeError(`a MessagePort, Worker, parentPort or self is wanted, got ${describe(target)}${hint}`)
}

/**
 * The channel of the process at `target`.
 *
 * @throws TypeError when it has none.
 */
export function processPortOf(target: unknown): PortLike {
  const shape = shapeOf(target)
  const { send, on, off, connected } = shape
  if (typeof on === 'function' && typeof off === 'function' && typeof send === 'function') {
    if (typeof connected === 'boolean') return processPort(target as ProcessTarget)
  }
  const hint = typeof shape.postMessage === 'function' ? '; ports and workers are reached by mq()' : ''
  const wanted =
    'a ChildProcess with an IPC channel (fork, or stdio with ipc), or process in that child, is wanted'
  throw new TypeError(`${wanted}, got ${describe(target)}${hint}`)
}

function shapeOf(target: unknown): Shape {
  return typeof target === 'object' && target !== null ? (target as Shape) : {}
}

function describe(target: unknown): string {
  if (typeof target !== 'object' || target === null) return String(target)
  if ((target as unknown) === globalThis.process) return 'a process without one'
  const { name } = (target as { constructor?: { readonly name?: unknown } }).constructor ?? {}
  return typeof name === 'string' ? `an instance of ${name}` : 'an object'
}
