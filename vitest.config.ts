import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take the longest by far. Begun last, they would leave the other core idle at the end. */
const LONGEST = /tooling\/compat\/test\/packed\.test\.ts$/

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLongest = ({ moduleId }: TestSpecification): boolean => LONGEST.test(moduleId)
    return [...sorted.filter(isLongest), ...sorted.filter((file) => !isLongest(file))]
  }
}

export default defineConfig({
  test: {
    projects: ['{packages,apps,tooling}/*/vitest.config.ts'],
    // Tests mostly wait for processes that they start: two files at a time keep two cores busy.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
