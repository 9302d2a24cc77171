import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { COMPILERS } from '../../src/compilers.js'
import { execute } from '../../src/execute.js'
import type { Projects } from '../../src/projects.js'
import { PACKAGES } from '../../src/public-packages.js'

const TYPE_CHECK_TIMEOUT_MS = 120_000

/** A CommonJS file beside the ESM one: TypeScript lets it `require` an ESM package under nodenext. */
const RESOLUTIONS = [
  { moduleResolution: 'nodenext', module: 'nodenext', consumers: ['consumer.ts', 'consumer.cts'] },
  { moduleResolution: 'bundler', module: 'esnext', consumers: ['consumer.ts'] },
]
/** Nothing is skipped: the declarations of the package and of what it imports are checked too. */
const CONSUMER_OPTIONS = {
  strict: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  typeRoots: [fileURLToPath(new URL('../../node_modules/@types', import.meta.url))],
}

/** The users of all packages, compiled at once; each finds only what its own project has installed. */
export function describeTypes(projects: () => Projects): void {
  describe.each(COMPILERS)('%s', (compiler, tsc) => {
    test.each(RESOLUTIONS)(
      'type-checks the user of each package with moduleResolution $moduleResolution',
      async ({ moduleResolution, module, consumers }) => {
        const { home } = projects()
        const files = PACKAGES.flatMap(({ folder }) => consumers.map((file) => `${folder}/${file}`))
        const compilerOptions = { ...CONSUMER_OPTIONS, module, moduleResolution }
        const project = join(home, `tsconfig.${compiler.replaceAll(' ', '-')}.${moduleResolution}.json`)
        await writeFile(project, JSON.stringify({ compilerOptions, files }))
        await expect(execute(process.execPath, [tsc, '-p', project], { cwd: home })).resolves.toBe('')
      },
      TYPE_CHECK_TIMEOUT_MS,
    )
  })
}
