import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const require = createRequire(import.meta.url)

/** The compilers that have to understand the declarations: what each is called, and the program. */
export const COMPILERS: readonly (readonly [name: string, program: string])[] = [
  ['TypeScript 5.9', join(dirname(require.resolve('typescript/package.json')), 'lib/tsc.js')],
  ['TypeScript 6', join(dirname(require.resolve('typescript-6/package.json')), 'lib/tsc.js')],
  ['TypeScript 7', join(dirname(require.resolve('typescript-7/package.json')), 'bin/tsc')],
]
