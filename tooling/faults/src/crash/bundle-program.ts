import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A program in one file, in a directory of its own. */
export interface BundledProgram {
  readonly path: string
  remove(): void
}

/** What {@link bundleProgram} takes. */
export interface ProgramSource {
  /** The program's source. */
  readonly entry: URL
  /** Where the package is whose dependencies it uses: native ones are loaded from there. */
  readonly packageUrl: URL
  /** Packages that are not bundled. */
  readonly external?: readonly string[]
}

/**
 * Bundle a program of the workspace's sources: loading them one by one takes far longer than what is started and killed
 * by the hundred. Names stay as they are in the source.
 */
export async function bundleProgram({
  entry,
  packageUrl,
  external = [],
}: ProgramSource): Promise<BundledProgram> {
  const directory = mkdtempSync(join(tmpdir(), 'ipc-program-'))
  const path = join(directory, 'program.mjs')
  await build({
    entryPoints: [fileURLToPath(entry)],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@ipc/source'],
    keepNames: true,
    external: [...external],
    // Where the bundle lies nothing is installed.
    define: { 'import.meta.url': JSON.stringify(new URL('package.json', packageUrl).href) },
    logLevel: 'silent',
  })
  return { path, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
