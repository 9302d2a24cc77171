import { defineProject } from 'vitest/config'

/** Export condition under which the workspace's packages resolve to their sources, so that no test needs a build. */
const SOURCE_CONDITION = '@ipc/source'

/** Whether `pnpm test` has built them before its tests. */
const IS_BUILT = process.env.IPC_PACKAGES === 'built'

/**
 * Vitest configuration of one package: sources instead of builds, one process per test file, tests in `test/`.
 *
 * @param {string} name - Package name as it appears in reports.
 * @param {import('vitest/config').UserWorkspaceConfig['test']} [test] - What this package needs beyond the preset.
 * @param {{ readonly prefersBuilds?: boolean }} [options] - `prefersBuilds`: take the builds where there are some, since the
 * package starts threads, each of which would load its sources for seconds.
 * @returns {import('vitest/config').UserWorkspaceConfig}
 */
export function definePackage(name, test = {}, { prefersBuilds = false } = {}) {
  const source = prefersBuilds && IS_BUILT ? [] : [SOURCE_CONDITION]
  const conditions = [...source, 'module', 'node', 'development|production']
  return defineProject({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      include: ['test/**/*.test.ts'],
      pool: 'forks',
      testTimeout: 30_000,
      hookTimeout: 30_000,
      ...test,
    },
  })
}
