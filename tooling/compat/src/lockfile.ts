import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const LOCKFILE = fileURLToPath(new URL('../../../pnpm-lock.yaml', import.meta.url))
/** A package that is one binary, for the platform that its name ends with. */
const BINARY = /-(?:android|darwin|freebsd|linux|openbsd|win32)-?[\w-]*$/

type Versions = Readonly<Record<string, string>>
type Locked = Readonly<Record<string, { readonly version: string }>>

interface Lockfile {
  readonly importers: Readonly<
    Record<string, { readonly dependencies?: Locked; readonly optionalDependencies?: Locked }>
  >
  readonly snapshots: Readonly<
    Record<string, { readonly dependencies?: Versions; readonly optionalDependencies?: Versions }>
  >
}

/**
 * Packages of others that are installed with a published package, however deep, sorted; by the lockfile. Without what its
 * users bring, and without those that hold one binary.
 *
 * @param folder - Its folder under `packages/`.
 */
export async function installedWith(folder: string): Promise<string[]> {
  const { importers, snapshots } = parse(await readFile(LOCKFILE, 'utf8')) as Lockfile
  const names = new Set<string>()
  const seen = new Set<string>()
  const addImporter = (importer: string): void => {
    const { dependencies, optionalDependencies } = importers[importer] ?? {}
    for (const [name, { version }] of Object.entries({ ...dependencies, ...optionalDependencies })) {
      if (version.startsWith('link:')) addImporter(`packages/${version.slice('link:../'.length)}`)
      else add(name, version)
    }
  }
  const add = (name: string, version: string): void => {
    const key = `${name}@${version}`
    if (seen.has(key)) return
    seen.add(key)
    if (!BINARY.test(name)) names.add(name)
    const found = snapshots[key]
    if (found === undefined) throw new Error(`the lockfile has no ${key}`)
    const { dependencies, optionalDependencies } = found
    for (const each of Object.entries({ ...dependencies, ...optionalDependencies })) add(...each)
  }
  addImporter(`packages/${folder}`)
  return [...names].sort()
}
