import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A module to bundle: a file, or TypeScript and the folder from which its imports resolve. */
export type BundleInput =
  | { readonly entry: string | URL; readonly source?: undefined; readonly resolveDir?: undefined }
  | { readonly source: string; readonly resolveDir: string | URL; readonly entry?: undefined }

/**
 * Bundle a module and what it imports, from the workspace's sources, into one ES module for browsers.
 *
 * @throws Error with file and line when it does not bundle, for example because it imports a module of Node.
 */
export async function bundle(input: BundleInput): Promise<string> {
  const { outputFiles } = await build({
    ...(input.entry === undefined
      ? { stdin: { contents: input.source, resolveDir: pathOf(input.resolveDir), loader: 'ts' } }
      : { entryPoints: [pathOf(input.entry)] }),
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    conditions: ['@ipc/source'],
    write: false,
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

function pathOf(path: string | URL): string {
  return typeof path === 'string' ? path : fileURLToPath(path)
}
