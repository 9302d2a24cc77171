import { IpcError } from '@ipc/core'

interface Builtins {
  'node:crypto': typeof import('node:crypto')
  'node:fs': typeof import('node:fs')
  'node:module': typeof import('node:module')
  'node:net': typeof import('node:net')
  'node:os': typeof import('node:os')
  'node:util': typeof import('node:util')
}

type NodeProcess = { getBuiltinModule?(name: string): unknown }

/**
 * A module of Node, fetched when it is needed: this package also loads in browsers, where only regions over
 * `SharedArrayBuffer` work.
 *
 * @throws IpcError `IPC_NOT_SUPPORTED` where there is no Node.
 */
export function nodeModule<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  const found = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.(name)
  if (found === undefined) {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      `named shared memory needs Node.js >= 20.19 (no ${name} here): use createRegion and fromBuffer instead`,
    )
  }
  return found as Builtins[Name]
}
