import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'tsup'
import type { TestProject } from 'vitest/node'
import { buildPage } from './fixtures/web/build-page.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** The directory where the programs under test are. */
    readonly programs: string
  }
}

/**
 * Build the programs and the page from the sources of all packages, once: a run has five processes, and each would
 * translate the sources anew.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const root = join(import.meta.dirname, '..')
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const programs = await mkdtemp(join(root, 'node_modules/.programs-'))
  await build({
    entry: {
      cli: join(root, 'src/cli.ts'),
      p1: join(root, 'src/p1.ts'),
      p2: join(root, 'src/p2.ts'),
      'p2-worker': join(root, 'src/p2-worker.ts'),
      'lab-process': join(root, 'src/web/processes/lab-process.ts'),
      actor: join(root, 'src/statements/actor-program.ts'),
      // The thread of durable queues is started from a file beside the program.
      'writer-thread': join(root, '../../packages/mq-sqlite/src/writer-thread.ts'),
      'kill-thread': join(root, 'test/fixtures/kill-thread.ts'),
    },
    outDir: programs,
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
  await buildPage(programs)
  project.provide('programs', programs)
  return () => rm(programs, { recursive: true, force: true })
}
