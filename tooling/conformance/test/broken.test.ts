import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { VARIANTS } from './broken/variants.js'
import { QUEUE_VARIANTS } from './broken-queues/variants.js'

const HOME = fileURLToPath(new URL('../', import.meta.url))
const VITEST = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs')
const RUN_TIMEOUT_MS = 300_000

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** Full names of the tests that failed, by variant. */
const failures = new Map<string, string[]>()

beforeAll(async () => {
  const { testResults } = await runVariants()
  for (const { ancestorTitles, title, status } of testResults.flatMap((file) => file.assertionResults)) {
    const [variant = '', ...suites] = ancestorTitles
    if (status !== 'failed') continue
    failures.set(variant, [...(failures.get(variant) ?? []), [...suites, title].join(' > ')])
  }
}, RUN_TIMEOUT_MS)

describe('the suite', () => {
  test.each(Object.entries(VARIANTS))('fails a transport that %s', (name, { suite, test: wanted }) => {
    const failed = failures.get(name) ?? []
    const found = failed.filter((test) => test.startsWith(`${suite} > `) && test.includes(wanted))
    expect(found, `failing tests: ${failed.join('; ') || 'none'}`).not.toEqual([])
  })

  test.each(Object.entries(QUEUE_VARIANTS))('fails a queue that %s', (name, { test: wanted }) => {
    const failed = failures.get(name) ?? []
    expect(
      failed.filter((test) => test.includes(wanted)),
      `failing: ${failed.join('; ') || 'none'}`,
    ).not.toEqual([])
  })
})

/** Run every variant in a vitest of its own and read the report. */
async function runVariants(): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'ipc-broken-'))
  const output = join(directory, 'report.json')
  const args = [
    VITEST,
    'run',
    '--config',
    'vitest.broken.config.ts',
    '--reporter=json',
    `--outputFile=${output}`,
  ]
  try {
    // It fails: that is what the variants are for.
    const log = await new Promise<string>((resolve) => {
      execFile(process.execPath, args, { cwd: HOME }, (_error, stdout, stderr) => resolve(stdout + stderr))
    })
    return JSON.parse(await readFile(output, 'utf8').catch(() => Promise.reject(new Error(log)))) as Report
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
