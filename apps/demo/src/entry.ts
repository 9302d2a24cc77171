import { fileURLToPath } from 'node:url'

/** Path of a program of this package: beside this module, built or as source, whichever runs. */
export function entryPath(name: 'p1' | 'p2' | 'p2-worker'): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return fileURLToPath(new URL(`./${name}.${extension}`, import.meta.url))
}
