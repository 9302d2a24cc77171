import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The programs that the sides of a pair are. */
export type EntryName = 'near' | 'far' | 'piscina-task'

/** Path of a program of this package: the build puts them and every module they share into one directory. */
export function entryPath(name: EntryName): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url))
}

/** The same in another checkout of this workspace, which is built. */
export function entryPathIn(checkout: string, name: EntryName): string {
  return join(checkout, 'apps', 'bench', 'dist', `${name}.js`)
}
