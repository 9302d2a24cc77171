import { defineProject } from 'vitest/config'

/** Export condition under which the workspace's packages resolve to their sources, so that no test needs a build. */
const SOURCE_CONDITION = '@ipc/source'

/**
 * Vitest configuration of one package: sources instead of builds, one process per test file, tests in `test/`.
 *
 * @param {string} name - Package name as it appears in reports.
 * @param {import('vitest/config').UserWorkspaceConfig['test']} [test] - What this package needs beyond the preset.
 * @returns {import('vitest/config').UserWorkspaceConfig}
 */
export function definePackage(name, test = {}) {
  const conditions = [SOURCE_CONDITION, 'module', 'node', 'development|production']
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
