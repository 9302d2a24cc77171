import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const ROOT_FILES = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'turbo.json']
const PACKAGE_FILES = ['package.json', 'turbo.json']

/** The workspace's real manifests and rules in a folder of their own, with no source but what a test writes. */
let workspace: string

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'ipc-boundaries-'))
  for (const file of ROOT_FILES) await cp(join(ROOT, file), join(workspace, file))
  for (const folder of ['packages', 'apps', 'tooling']) {
    for (const name of await readdir(join(ROOT, folder))) {
      await mkdir(join(workspace, folder, name, 'src'), { recursive: true })
      for (const file of PACKAGE_FILES) {
        await cp(join(ROOT, folder, name, file), join(workspace, folder, name, file))
      }
    }
  }
})

afterEach(() => rm(workspace, { recursive: true, force: true }))

describe('turbo boundaries', () => {
  test('is green on the rules and manifests as they are', async () => {
    await writeSource('packages/shm', "import { IpcError } from '@ipc/core'\nexport { IpcError }\n")
    expect(await checkBoundaries()).toMatchObject({
      code: 0,
      output: expect.stringContaining('no issues found'),
    })
  })

  test.each([
    ['packages/shm', '@ipc/net', 'transport'],
    ['packages/mq', '@ipc/shm', 'transport'],
    ['packages/net', '@ipc/demo', 'app'],
    ['packages/core', '@ipc/net', 'transport'],
    ['packages/core', '@ipc/conformance', 'tooling'],
    ['tooling/conformance', '@ipc/mq', 'transport'],
    ['tooling/config', '@ipc/core', 'core'],
    ['packages/mq', '@ipc/mq-sqlite', 'store'],
    ['packages/mq-sqlite', '@ipc/demo', 'app'],
    ['packages/mq-sqlite', '@ipc/cli', 'cli'],
    ['packages/shm', '@ipc/cli', 'cli'],
    ['packages/cli', '@ipc/demo', 'app'],
  ])('refuses %s -> %s even when it is declared as a dependency', async (from, to, tag) => {
    await declareDependency(from, to)
    await writeSource(from, `import * as sibling from '${to}'\nexport { sibling }\n`)
    const { code, output } = await checkBoundaries()
    expect(code).toBe(1)
    expect(output).toContain(`Package \`${to}\` found with tag listed in denylist`)
    expect(output).toContain(tag)
  })

  test('refuses an import that package.json does not declare', async () => {
    await writeSource('packages/shm', "import { net } from '@ipc/net'\nexport { net }\n")
    const { code, output } = await checkBoundaries()
    expect(code).toBe(1)
    expect(output).toContain('cannot import package `@ipc/net` because it is not a dependency')
  })

  test("refuses a relative path into another package's files", async () => {
    await writeSource('packages/shm', "import { net } from '../../net/src/index.js'\nexport { net }\n")
    const { code, output } = await checkBoundaries()
    expect(code).toBe(1)
    expect(output).toContain('leaves the package')
  })
})

async function writeSource(folder: string, source: string): Promise<void> {
  await writeFile(join(workspace, folder, 'src/index.ts'), source)
}

async function declareDependency(folder: string, name: string): Promise<void> {
  const path = join(workspace, folder, 'package.json')
  const manifest = JSON.parse(await readFile(path, 'utf8')) as { dependencies?: Record<string, string> }
  manifest.dependencies = { ...manifest.dependencies, [name]: 'workspace:^' }
  await writeFile(path, JSON.stringify(manifest))
}

/** Runs the same check as `pnpm boundaries`, in the copy. */
function checkBoundaries(): Promise<{ code: number; output: string }> {
  const turbo = join(ROOT, 'node_modules/turbo/bin/turbo')
  const env = { ...process.env, TURBO_TELEMETRY_DISABLED: '1', NO_COLOR: '1' }
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [turbo, 'boundaries'], { cwd: workspace, env }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ code: Number(error?.code ?? 0), output: stdout + stderr })
    })
  })
}
