import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { execute } from './execute.js'
import { INSTALL, pack, tarballDependencies } from './projects.js'
import { PACKAGES } from './public-packages.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Packages of this workspace that tests need; not published, but packed here like the others. */
const TOOLS = ['@ipc/conformance', '@ipc/debian', '@ipc/faults']
/** What the tests import beside; the versions are those of the catalog. */
const TEST_DEPENDENCIES = [
  '@nats-io/transport-node',
  '@peculiar/x509',
  '@photostructure/sqlite',
  'fast-check',
  'reflect-metadata',
  'tsx',
  'vitest',
  'zod',
]
/** TypeScript in `node_modules` has to go through vite. */
const CONFIG = `
export default {
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { inline: [/@ipc\\/(?:conformance|debian|faults)/] } },
  },
}
`

/** What some tests of one package said on one version of Node.js. */
export interface Outcome {
  readonly passed: number
  /** Names of those that failed, and messages of files that could not be run. */
  readonly failed: readonly string[]
}

/** A project of its own, with the packed packages and copies of their tests. */
export interface MatrixProject extends AsyncDisposable {
  /** Run test files of a package with that Node.js, which the processes and threads they start run with as well. */
  run(node: string, folder: string, files: readonly string[]): Promise<Outcome>
}

/**
 * Make a project that installs all published packages and the conformance suites from their tarballs, beside copies of
 * the tests that reach a package by its name only. The condition under which this workspace finds sources is taken
 * out: what runs is what was built.
 */
export async function createMatrixProject(): Promise<MatrixProject> {
  const home = await mkdtemp(join(tmpdir(), 'ipc-matrix-'))
  const dispose = (): Promise<void> => rm(home, { recursive: true, force: true })
  try {
    const filters = ['./packages/*', ...TOOLS]
    const tarballs = await pack(join(home, 'tarballs'), ...filters)
    const names = [...PACKAGES.map(({ name }) => name), ...TOOLS]
    const { catalog } = parse(await readFile(join(ROOT, 'pnpm-workspace.yaml'), 'utf8'))
    const versions = TEST_DEPENDENCIES.map((name) => [name, catalog[name]])
    const dependencies = { ...tarballDependencies(names, tarballs), ...Object.fromEntries(versions) }
    await writeFile(
      join(home, 'package.json'),
      JSON.stringify({ name: 'matrix', private: true, type: 'module', dependencies }),
    )
    await writeFile(join(home, 'vitest.config.mjs'), CONFIG)
    await execute('npm', INSTALL, { cwd: home })
    for (const { name, folder } of PACKAGES) {
      await useBuild(join(home, 'node_modules', name, 'package.json'))
      await copyTests(join(ROOT, 'packages', folder, 'test'), join(home, folder, 'test'), name)
    }
    return {
      run: (node, folder, files) => runTests(home, node, folder, files),
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

async function useBuild(manifest: string): Promise<void> {
  const withoutSources = (key: string, value: unknown): unknown => (key === '@ipc/source' ? undefined : value)
  const parsed = JSON.parse(await readFile(manifest, 'utf8'), withoutSources)
  await writeFile(manifest, JSON.stringify(parsed))
}

/** Copy tests. What they import of an entry of their package they import by its name. */
async function copyTests(from: string, to: string, name: string): Promise<void> {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyTests(source, target, name)
    else if (entry.name.endsWith('.ts')) {
      const text = await readFile(source, 'utf8')
      await writeFile(
        target,
        text
          .replaceAll(/'(?:\.\.\/)+src\/index\.js'/g, `'${name}'`)
          .replaceAll(/'(?:\.\.\/)+src\/internal\.js'/g, `'${name}/internal'`)
          .replaceAll(/'(?:\.\.\/)+src\/([\w-]+)\/index\.js'/g, `'${name}/$1'`),
      )
    } else await cp(source, target)
  }
}

interface Report {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

async function runTests(
  home: string,
  node: string,
  folder: string,
  files: readonly string[],
): Promise<Outcome> {
  const output = join(home, `${folder}.json`)
  await rm(output, { force: true })
  const vitest = join(home, 'node_modules/vitest/vitest.mjs')
  const paths = files.map((file) => `${folder}/test/${file}`)
  const args = [vitest, 'run', ...paths, '--reporter=json', `--outputFile=${output}`]
  const problem = await execute(node, args, { cwd: home }).then(
    () => undefined,
    (error: Error) => error.message,
  )
  const text = await readFile(output, 'utf8').catch(() => undefined)
  if (text === undefined) return { passed: 0, failed: [problem ?? 'vitest reported nothing'] }
  const { numPassedTests, testResults } = JSON.parse(text) as Report
  const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const tests = assertionResults.filter((each) => each.status === 'failed')
    if (tests.length === 0 && status === 'failed') return [`${name}: ${message}`]
    return tests.map(({ fullName, failureMessages = [] }) => `${fullName}: ${failureMessages.join('\n')}`)
  })
  if (problem !== undefined && failed.length === 0) failed.push(problem)
  return { passed: numPassedTests, failed }
}
