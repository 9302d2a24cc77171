import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HOME = fileURLToPath(new URL('../../', import.meta.url))
const VITEST = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs')

/** What running all variants may take. */
export const RUN_TIMEOUT_MS = 300_000

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[]
      readonly title: string
      readonly status: string
    }[]
  }[]
}

/** Run every variant of a configuration in a vitest of its own; full names of the tests that failed, by variant. */
export async function failuresOf(config: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const failures = new Map<string, string[]>()
  const { testResults } = await runVariants(config)
  for (const { ancestorTitles, title, status } of testResults.flatMap((file) => file.assertionResults)) {
    const [variant = '', ...suites] = ancestorTitles
    if (status !== 'failed') continue
    failures.set(variant, [...(failures.get(variant) ?? []), [...suites, title].join(' > ')])
  }
  return failures
}

async function runVariants(config: string): Promise<Report> {
  const directory = await mkdtemp(join(tmpdir(), 'ipc-broken-'))
  const output = join(directory, 'report.json')
  const args = [VITEST, 'run', '--config', config, '--reporter=json', `--outputFile=${output}`]
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
