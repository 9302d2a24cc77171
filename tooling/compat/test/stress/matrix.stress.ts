import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createMatrixProject, type MatrixProject } from '../../src/matrix-project.js'
import { NODE_VERSIONS, nodeOf } from '../../src/node-versions.js'
import { tableOf } from '../../src/table-of.js'

const SET_UP_TIMEOUT_MS = 600_000
const RUN_TIMEOUT_MS = 900_000
const VERSIONS = process.env.NODES?.split(',') ?? NODE_VERSIONS

/** The tests of each package that need nothing of it but its name. */
const SUBJECTS: Readonly<Record<string, readonly string[]>> = {
  core: [
    'bytes.test.ts',
    'codec-values.test.ts',
    'connection-core.test.ts',
    'json.test.ts',
    'listener-core.test.ts',
    'mailbox.test.ts',
    'request-serve.test.ts',
    'schema.test.ts',
    'struct.test.ts',
    'timer.test.ts',
    'topics.test.ts',
    'wait.test.ts',
  ],
  shm: ['conformance.test.ts', 'rendezvous.test.ts', 'torn-reads.test.ts', 'views.test.ts'],
  mq: [
    'codec.test.ts',
    'conformance.test.ts',
    'faults.test.ts',
    'greeting.test.ts',
    'queue/conformance.test.ts',
    'process.test.ts',
    'targets.test.ts',
    'worker.test.ts',
  ],
  net: ['conformance.test.ts', 'peer-death.test.ts', 'tls-options.test.ts'],
  'mq-sqlite': ['churn.test.ts', 'conformance.test.ts'],
  'mq-nats': ['conformance.test.ts'],
}

describe('the packed packages on every Node.js', () => {
  let project: MatrixProject
  const cells = new Map<string, string>()

  beforeAll(async () => {
    project = await createMatrixProject()
  }, SET_UP_TIMEOUT_MS)

  afterAll(async () => {
    const rows = Object.keys(SUBJECTS).map((folder) => [
      `@ipc/${folder}`,
      ...VERSIONS.map((version) => cells.get(`${version} ${folder}`) ?? 'not run'),
    ])
    process.stdout.write(
      `${tableOf([['passed tests', ...VERSIONS.map((each) => `Node ${each}`)], ...rows])}\n`,
    )
    await project?.[Symbol.asyncDispose]()
  })

  describe.each(VERSIONS)('Node.js %s', (version) => {
    test.each(Object.keys(SUBJECTS))(
      '@ipc/%s passes its tests',
      async (folder) => {
        const node = await nodeOf(version)
        const { passed, failed } = await project.run(node, folder, SUBJECTS[folder] ?? [])
        const cell = failed.length === 0 ? `ok, ${passed}` : `${failed.length} failed, ${passed} passed`
        cells.set(`${version} ${folder}`, cell)
        expect(failed).toEqual([])
        expect(passed).toBeGreaterThan(0)
      },
      RUN_TIMEOUT_MS,
    )
  })
})
