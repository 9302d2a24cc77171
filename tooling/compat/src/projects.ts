import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execute } from './execute.js'
import { PACKAGES, type PublicPackage } from './public-packages.js'

const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url))

/** What `npm install` is told: nothing of ours needs an install script. */
export const INSTALL: readonly string[] = [
  'install',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--prefer-offline',
]

/** The packed packages, each installed into a project of its own. */
export interface Projects extends AsyncDisposable {
  /** The folder that has them all; the folder of each is named as under `packages/`. */
  readonly home: string
  /** Paths of the packed packages by name. */
  readonly tarballs: ReadonlyMap<string, string>
  /** The folder of the project that has the package of that name, and what it needs, and nothing else. */
  folderOf(name: string): string
}

/**
 * Pack every public package as a release would, and install each into an empty project with npm, as a user does. They
 * have to be built. Takes up to a minute. Who is done with them calls `[Symbol.asyncDispose]`.
 */
export async function createProjects(): Promise<Projects> {
  const home = await mkdtemp(join(tmpdir(), 'ipc-packages-'))
  const dispose = (): Promise<void> => rm(home, { recursive: true, force: true })
  try {
    const tarballs = await pack(join(home, 'tarballs'), './packages/*')
    const folderOf = (name: string): string => {
      const found = PACKAGES.find((candidate) => candidate.name === name)
      if (found === undefined) throw new TypeError(`no public package ${name}`)
      return join(home, found.folder)
    }
    await Promise.all(PACKAGES.map((each) => createProject(folderOf(each.name), each, tarballs)))
    return { home, tarballs, folderOf, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Pack the packages of the workspace that `filter` names. Resolves with the path of each tarball by package name. */
export async function pack(destination: string, ...filters: string[]): Promise<ReadonlyMap<string, string>> {
  await mkdir(destination)
  const filter = filters.flatMap((each) => ['--filter', each])
  const args = ['-y', 'pnpm', ...filter, '-r', 'pack', '--pack-destination', destination]
  await execute('npx', args, { cwd: ROOT })
  const byName = new Map<string, string>()
  for (const file of await readdir(destination)) {
    byName.set(file.replace(/^ipc-(.+?)-\d.*$/, '@ipc/$1'), join(destination, file))
  }
  return byName
}

/** The dependencies of a project that has these packages, from their tarballs. */
export function tarballDependencies(
  names: readonly string[],
  tarballs: ReadonlyMap<string, string>,
): Record<string, string> {
  const entries = names.map((name): [string, string] => {
    const path = tarballs.get(name)
    if (path === undefined) throw new Error(`no tarball of ${name}; pnpm pack made ${[...tarballs.keys()]}`)
    return [name, `file:${path}`]
  })
  return Object.fromEntries(entries)
}

async function createProject(
  folder: string,
  { name, needs, peers = [], usage, program }: PublicPackage,
  tarballs: ReadonlyMap<string, string>,
): Promise<void> {
  await mkdir(folder)
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...tarballDependencies([name, ...needs], tarballs),
      ...Object.fromEntries(peers.map((peer) => [peer, '*'])),
    },
  }
  const files = {
    'package.json': JSON.stringify(manifest),
    'consumer.ts': usage,
    'consumer.cts': `import api = require('${name}')\nexport const names: string[] = Object.keys(api)\n`,
    'program.mjs': `import * as api from '${name}'\n${program}`,
    'program.cjs': `const api = require('${name}')\nmodule.exports = (async () => {\n${program}\n})()`,
  }
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  await execute('npm', INSTALL, { cwd: folder })
}
