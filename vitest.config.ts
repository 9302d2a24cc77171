import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: ['{packages,apps,tooling}/*/vitest.config.ts'],
    // Tests mostly wait for processes that they start: two files at a time keep two cores busy.
    maxWorkers: 2,
  },
})
