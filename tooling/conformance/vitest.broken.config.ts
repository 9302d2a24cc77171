import { definePackage } from '@ipc/config/vitest'
import { defineConfig } from 'vitest/config'
import { VARIANTS } from './test/broken/variants.js'
import { QUEUE_VARIANTS } from './test/broken-queues/variants.js'

/** One project for each faulty transport and queue; test/broken.test.ts reads what comes of them. */
export default defineConfig({
  test: {
    // Mostly they wait for their watchdogs.
    maxWorkers: 4,
    maxConcurrency: 1000,
    projects: [
      ...Object.keys(VARIANTS).map((variant) => projectOf(variant, 'test/broken/variant.fixture.ts')),
      ...Object.keys(QUEUE_VARIANTS).map((variant) => {
        return projectOf(variant, 'test/broken-queues/variant.fixture.ts')
      }),
    ],
  },
})

function projectOf(variant: string, file: string): ReturnType<typeof definePackage> {
  return definePackage(variant, { include: [file], provide: { variant }, testTimeout: 2500 })
}
