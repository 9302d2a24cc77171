import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'tsup'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The directory where the programs under test are. */
    readonly programs: string
  }
}

/** Build the program, and what its tests look at, from the sources of all packages: once, for it is started often. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, '..')
  const { dependencies, optionalDependencies } = JSON.parse(
    await readFile(join(root, 'package.json'), 'utf8'),
  )
  const programs = await mkdtemp(join(root, 'node_modules/.programs-'))
  // As in the package: the program looks for its version there.
  const dist = join(programs, 'dist')
  await build({
    entry: {
      cli: join(root, 'src/cli.ts'),
      app: join(root, 'test/fixtures/app.ts'),
      packages: join(root, 'test/fixtures/packages.ts'),
      'writer-thread': join(root, '../mq-sqlite/src/writer-thread.ts'),
    },
    outDir: dist,
    config: false,
    tsconfig: join(root, 'tsconfig.json'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    silent: true,
    // tsup takes for dependencies what the package.json of the working directory names, wherever that is.
    external: Object.keys({ ...dependencies, ...optionalDependencies }).filter(
      (name) => !name.startsWith('@ipc/'),
    ),
    noExternal: [/^@ipc\//],
    esbuildOptions: (options) => {
      options.conditions = ['@ipc/source']
    },
  })
  await writeFile(join(programs, 'package.json'), JSON.stringify({ type: 'module', version: '0.0.0-test' }))
  project.provide('programs', dist)
  return () => rm(programs, { recursive: true, force: true })
}
