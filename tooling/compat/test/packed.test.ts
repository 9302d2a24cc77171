import { afterAll, beforeAll } from 'vitest'
import { createProjects, type Projects } from '../src/projects.js'
import { describeBundles } from './suites/bundles.js'
import { describeContents } from './suites/contents.js'
import { describePermissions } from './suites/permissions.js'
import { describePrograms } from './suites/programs.js'
import { describeReadOnlyRoot } from './suites/read-only-root.js'
import { describeSizes } from './suites/sizes.js'
import { describeTypes } from './suites/types.js'

const SET_UP_TIMEOUT_MS = 300_000

let projects: Projects

beforeAll(async () => {
  projects = await createProjects()
}, SET_UP_TIMEOUT_MS)

afterAll(() => projects?.[Symbol.asyncDispose]())

describeContents(() => projects)
describePrograms(() => projects)
describeTypes(() => projects)
describeSizes(() => projects)
describeBundles(() => projects)
describePermissions(() => projects)
describeReadOnlyRoot(() => projects)
