import { gzipSync } from 'node:zlib'
import { build, transform } from 'esbuild'

/** Where a package is bundled with those it imports, nothing is left of such statements. */
const EXTERNAL_IMPORT = /import\s*\{[^}]*\}\s*from\s*"[^"]*";/g

/** Bytes of a script: minified, and that compressed by `gzip -9`. */
export interface Size {
  readonly minified: number
  readonly gzip: number
}

/**
 * What a page loads of a package: what these imports keep of its code when esbuild bundles and minifies them, without what
 * comes from `external` packages.
 *
 * @param imports - One `export ... from` statement for each package.
 * @param resolveDir - The project from which they resolve.
 */
export async function sizeOfImports(
  imports: string,
  resolveDir: string,
  external: readonly string[],
): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: imports, resolveDir },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: [...external],
    write: false,
  })
  return sizeOf((outputFiles[0]?.text ?? '').replaceAll(EXTERNAL_IMPORT, ''))
}

/** The size of a script; esbuild minifies what is not minified yet. */
export async function sizeOfScript(script: string): Promise<Size> {
  const { code } = await transform(script, { minify: true, format: 'esm', target: 'es2022' })
  return sizeOf(code)
}

function sizeOf(minified: string): Size {
  return {
    minified: Buffer.byteLength(minified),
    gzip: gzipSync(minified, { level: 9 }).length,
  }
}
