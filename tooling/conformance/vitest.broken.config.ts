import { definePackage } from '@ipc/config/vitest'
import { defineConfig } from 'vitest/config'
import { VARIANTS } from './test/broken/variants.js'

/** One project for each faulty transport; test/broken.test.ts reads what comes of them. */
export default defineConfig({
  test: {
    // Mostly they wait for their watchdogs.
    maxWorkers: 4,
    maxConcurrency: 1000,
    projects: Object.keys(VARIANTS).map((variant) =>
      definePackage(variant, {
        include: ['test/broken/variant.fixture.ts'],
        provide: { variant },
        testTimeout: 2500,
      }),
    ),
  },
})
