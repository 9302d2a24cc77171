import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'tsup'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The command line of the benchmark. */
    readonly cli: string
  }
}

/**
 * Build the programs from the sources of all packages, once: a run has many processes, and each would translate the
 * sources anew.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, '..')
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const programs = await mkdtemp(join(root, 'node_modules/.programs-'))
  await symlink(join(root, 'c'), join(programs, 'c'))
  await build({
    entry: {
      cli: join(root, 'src/cli.ts'),
      near: join(root, 'src/pair/near.ts'),
      far: join(root, 'src/pair/far.ts'),
      // A thread that @ipc/mq-sqlite starts beside itself, wherever that is.
      'writer-thread': join(root, '../../packages/mq-sqlite/src/writer-thread.ts'),
    },
    outDir: join(programs, 'dist'),
    config: false,
    tsconfig: join(root, 'tsconfig.json'),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    silent: true,
    // tsup takes for dependencies what the package.json of the working directory names, wherever that is.
    external: Object.keys(dependencies).filter((name) => !name.startsWith('@ipc/')),
    noExternal: [/^@ipc\//],
    esbuildOptions: (options) => {
      options.conditions = ['@ipc/source']
    },
  })
  project.provide('cli', join(programs, 'dist/cli.js'))
  return () => rm(programs, { recursive: true, force: true })
}
