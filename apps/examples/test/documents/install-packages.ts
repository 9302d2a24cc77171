import { mkdir, mkdtemp, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { ROOT } from './code-block.js'

/**
 * Make a directory in which every package of the workspace is installed as its users have it, but for declarations: built
 * by the entries of its own configuration, found by its own `exports`.
 */
export async function installPackages(): Promise<string> {
  const home = await realpath(await mkdtemp(join(tmpdir(), 'ipc-examples-')))
  await mkdir(join(home, 'node_modules/@ipc'), { recursive: true })
  await writeFile(join(home, 'package.json'), '{ "type": "module" }')
  await linkDependencies('apps/examples', home)
  await Promise.all((await readdir(join(ROOT, 'packages'))).map((name) => install(name, home)))
  return home
}

async function install(name: string, home: string): Promise<void> {
  const source = join(ROOT, 'packages', name)
  const target = join(home, 'node_modules/@ipc', name)
  const { default: config } = await import(pathToFileURL(join(source, 'tsup.config.ts')).href)
  await build({
    entryPoints: (config.entry as readonly string[]).map((entry) => join(source, entry)),
    outbase: join(source, 'src'),
    outdir: join(target, 'dist'),
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  await writeFile(join(target, 'package.json'), await readFile(join(source, 'package.json')))
  await linkDependencies(`packages/${name}`, target)
}

/** What a package of the workspace depends on, for a copy of it. Ours are installed, not linked. */
async function linkDependencies(folder: string, target: string): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8'))
  for (const dependency of Object.keys(dependencies)) {
    if (dependency.startsWith('@ipc/')) continue
    const path = join(target, 'node_modules', dependency)
    await mkdir(dirname(path), { recursive: true })
    await symlink(await realpath(join(ROOT, folder, 'node_modules', dependency)), path, 'junction')
  }
}
