import { fileURLToPath } from 'node:url'

/** Path of a program of this package: the build puts them and every module they share into one directory. */
export function entryPath(name: 'p1' | 'p2' | 'p2-worker' | 'actor' | 'lab-process'): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url))
}
