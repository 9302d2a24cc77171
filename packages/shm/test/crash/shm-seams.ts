import fs from 'node:fs'
import net from 'node:net'
import type { Seams } from '@ipc/faults/crash'
import { foreignFunctions } from '../../src/region/foreign-functions.js'
import { fieldAt } from './field-names.js'

/** Functions of `node:fs` by which the package changes files, and what it holds of them. */
const FILES = [
  'chmodSync',
  'closeSync',
  'fchmodSync',
  'ftruncateSync',
  'linkSync',
  'mkdirSync',
  'openSync',
  'renameSync',
  'rmSync',
  'unlinkSync',
  'writeSync',
] as const
/** Foreign functions that tell, and change nothing. */
const TELLING: ReadonlySet<string> = new Set(['errno', 'view'])

const mapped = new WeakSet<ArrayBufferLike>()

/**
 * Everything through which the package changes what others see: mapped memory, files, foreign functions, sockets. Call it
 * before a region is opened.
 */
export function shmSeams(): Seams {
  const foreign = foreignFunctions() as unknown as Record<string, (...args: never[]) => unknown>
  const { view } = foreignFunctions()
  foreign.view = (address: bigint, bytes: number) => {
    const buffer = view(address, bytes)
    mapped.add(buffer)
    return buffer
  }
  return {
    isShared: (memory) => mapped.has(memory),
    fieldAt,
    objects: [
      { target: fs, functions: FILES, describe: kindOfFile },
      {
        target: foreign,
        functions: Object.keys(foreign).filter((name) => !TELLING.has(name)),
        describe: kindOfFile,
      },
      { target: net.Server.prototype, functions: ['listen', 'close'], describe: () => 'server' },
      {
        target: net.Socket.prototype,
        functions: ['connect', 'write', 'end', 'destroy'],
        describe: () => 'socket',
      },
    ],
  }
}

/** Suffixes of the path that is used: `.region.new`; nothing for descriptors. */
function kindOfFile(_name: string, args: readonly unknown[]): string | undefined {
  const kinds = args.flatMap((arg) => {
    if (typeof arg !== 'string' || !arg.includes('/')) return []
    const suffixes = /(\.(region|bell|sock|lock|pair|new))+$/.exec(arg.replace(/\.[0-9a-f]{16}(?=\.|$)/, ''))
    return [suffixes?.[0] ?? 'directory']
  })
  return kinds.length === 0 ? undefined : kinds.join(' ')
}
