import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execute } from '../src/execute.js'
import { PACKAGES } from '../src/public-packages.js'
import { kib, tableOf } from '../src/table-of.js'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const RELEASE_TIMEOUT_MS = 120_000
const MAX_TARBALL_BYTES = 400 * 1024
const ROOT_FILES = ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml', 'LICENSE', '.changeset']
/** Nothing else is packed. */
const PACKED = /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|[A-Z]+\.md|(?:dist|src)\/.+)$/

interface Manifest {
  readonly name: string
  readonly version: string
  readonly private?: boolean
  readonly exports: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

/** The workspace as a release finds it, in a repository of its own. */
let workspace: string
let released: string

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'ipc-release-'))
  await copyWorkspace()
  const git = ['-c', 'user.name=release', '-c', 'user.email=release@localhost']
  await execute('git', ['init', '--quiet', '--initial-branch=main'], { cwd: workspace })
  await execute('git', ['add', '--all', '.'], { cwd: workspace })
  await execute('git', [...git, 'commit', '--quiet', '--message', 'as it is'], { cwd: workspace })
  const changesets = createRequire(join(ROOT, 'package.json')).resolve('@changesets/cli/bin.js')
  await execute(process.execPath, [changesets, 'version'], { cwd: workspace })
  released = (await manifestOf('packages/core')).version
  const pack = ['--filter', './packages/*', '-r', 'pack', '--pack-destination', join(workspace, 'tarballs')]
  await execute('npx', ['-y', 'pnpm', ...pack], { cwd: workspace })
}, RELEASE_TIMEOUT_MS)

afterAll(() => rm(workspace, { recursive: true, force: true }))

describe('a release', () => {
  test('is of all published packages, each in the list of tests and in the group of one version', async () => {
    const names = PACKAGES.map(({ name }) => name).sort()
    const folders = await readdir(join(ROOT, 'packages'))
    const manifests = await Promise.all(folders.map((folder) => manifestOf(`packages/${folder}`)))
    expect(manifests.map(({ name }) => name).sort()).toEqual(names)
    const { fixed } = JSON.parse(await readFile(join(ROOT, '.changeset/config.json'), 'utf8'))
    expect([...fixed[0]].sort()).toEqual(names)
  })

  test('gives every published package the same new version and a changelog, and private ones none', async () => {
    expect(released).toMatch(/^\d+\.\d+\.\d+$/)
    const before = JSON.parse(await readFile(join(ROOT, 'packages/core/package.json'), 'utf8')) as Manifest
    expect(released).not.toBe(before.version)
    for (const { folder, name } of PACKAGES) {
      expect(await manifestOf(`packages/${folder}`)).toMatchObject({ name, version: released })
      const changes = await readFile(join(workspace, 'packages', folder, 'CHANGELOG.md'), 'utf8')
      expect(changes).toContain(`## ${released}`)
    }
    expect((await manifestOf('tooling/conformance')).version).toBe('0.0.0')
  })

  test('uses up all changesets', async () => {
    expect(await readdir(join(workspace, '.changeset'))).toEqual(['config.json'])
  })

  test('packs what is promised, and prints how large it is', { timeout: RELEASE_TIMEOUT_MS }, async () => {
    const rows: string[][] = []
    for (const { name } of PACKAGES) {
      const file = `${name.slice(1).replace('/', '-')}-${released}.tgz`
      const tarball = join(workspace, 'tarballs', file)
      const { files, manifest } = await unpack(tarball)
      expect(files.filter((path) => !PACKED.test(path))).toEqual([])
      expect(targetsOf(manifest.exports).filter((target) => !files.includes(target))).toEqual([])
      expect(manifest).toMatchObject({ name, version: released, publishConfig: { provenance: true } })
      for (const [dependency, range] of Object.entries({
        ...manifest.dependencies,
        ...manifest.peerDependencies,
      })) {
        if (dependency.startsWith('@ipc/')) expect(range).toBe(`^${released}`)
        else expect(range).toMatch(/^\^?\d+\.\d+\.\d+$/)
      }
      const { size } = await stat(tarball)
      expect(size).toBeLessThan(MAX_TARBALL_BYTES)
      rows.push([file, String(files.length), kib(size)])
    }
    process.stdout.write(`${tableOf([['tarball', 'files', 'size'], ...rows])}\n`)
  })
})

/** What changesets and pack read: manifests, what is packed, and who depends on whom. */
async function copyWorkspace(): Promise<void> {
  for (const file of ROOT_FILES) await cp(join(ROOT, file), join(workspace, file), { recursive: true })
  for (const group of ['packages', 'apps', 'tooling']) {
    for (const folder of await readdir(join(ROOT, group))) {
      const [from, to] = [join(ROOT, group, folder), join(workspace, group, folder)]
      await mkdir(to, { recursive: true })
      const whole = group === 'packages'
      for (const file of whole ? await readdir(from) : ['package.json']) {
        if (/^(?:node_modules|test|bench|\.turbo)$/.test(file)) continue
        await cp(join(from, file), join(to, file), { recursive: true })
      }
      if (whole) await linkSiblings(to)
    }
  }
}

/** As `pnpm install` would: pack asks a dependency of the workspace for its version. */
async function linkSiblings(folder: string): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
  for (const name of Object.keys(dependencies).filter((each) => each.startsWith('@ipc/'))) {
    const link = join(folder, 'node_modules', name)
    await mkdir(dirname(link), { recursive: true })
    await symlink(relative(dirname(link), join(folder, '..', name.slice('@ipc/'.length))), link, 'junction')
  }
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(workspace, folder, 'package.json'), 'utf8'))
}

async function unpack(tarball: string): Promise<{ files: string[]; manifest: Manifest }> {
  const cwd = workspace
  const list = await execute('tar', ['-tzf', relative(cwd, tarball)], { cwd })
  const manifest = await execute('tar', ['-xzOf', relative(cwd, tarball), 'package/package.json'], { cwd })
  const files = list.split(/\r?\n/).map((path) => path.replace(/^package\//, ''))
  return { files, manifest: JSON.parse(manifest) }
}

/** All files that an `exports` field names. */
function targetsOf(exports: unknown): string[] {
  if (typeof exports === 'string') return [exports.replace(/^\.\//, '')]
  return Object.values(exports as Readonly<Record<string, unknown>>).flatMap(targetsOf)
}
