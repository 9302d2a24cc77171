import { readdir, readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { build as esbuild } from 'esbuild'
import { rollup } from 'rollup'
import { build as vite } from 'vite'
import webpack from 'webpack'

/** What a bundler is given. */
export interface BundleInit {
  /** The module to bundle; its imports resolve from its folder. */
  readonly entry: string
  /** An empty folder, for what comes out. */
  readonly output: string
  readonly target: 'page' | 'node'
}

/** Bundle a module and all that it imports into one ES module, minified where it is for a page. */
type Bundler = (init: BundleInit) => Promise<void>

const BUILTINS: readonly string[] = builtinModules.flatMap((name) => [name, `node:${name}`])
/** Native: no bundler takes it in. */
const NATIVE = 'koffi'
const FILE = 'bundle.mjs'

/** The bundlers, as their manuals say to use them. */
export const BUNDLERS: Readonly<Record<string, Bundler>> = {
  async esbuild({ entry, output, target }) {
    await esbuild({
      entryPoints: [entry],
      outfile: join(output, FILE),
      bundle: true,
      format: 'esm',
      platform: target === 'page' ? 'browser' : 'node',
      target: 'es2022',
      minify: target === 'page',
      external: target === 'page' ? [] : [NATIVE],
      logLevel: 'silent',
    })
  },
  async vite({ entry, output, target }) {
    await vite({
      root: join(entry, '..'),
      configFile: false,
      logLevel: 'silent',
      ...(target === 'node' && { ssr: { noExternal: true, external: [NATIVE] } }),
      build: {
        outDir: output,
        minify: target === 'page',
        target: 'es2022',
        ...(target === 'page'
          ? { lib: { entry, formats: ['es'], fileName: () => FILE } }
          : { ssr: entry, rollupOptions: { output: { entryFileNames: FILE } } }),
      },
    })
  },
  async webpack({ entry, output, target }) {
    const compiler = webpack({
      mode: 'production',
      entry,
      target: target === 'page' ? ['web', 'es2022'] : 'node20',
      experiments: { outputModule: true },
      output: { path: output, filename: FILE, module: true, library: { type: 'module' } },
      optimization: { minimize: target === 'page' },
      performance: false,
      ...(target === 'node' && { externals: { [NATIVE]: `module ${NATIVE}` } }),
    })
    const stats = await new Promise<webpack.Stats | undefined>((resolve, reject) => {
      compiler.run((error, result) => (error === null ? resolve(result) : reject(error)))
    })
    if (stats?.hasErrors() === true) throw new Error(stats.toString({ all: false, errors: true }))
    await new Promise((resolve) => compiler.close(resolve))
  },
  async rollup({ entry, output, target }) {
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ browser: target === 'page', preferBuiltins: target === 'node' })],
      external: target === 'page' ? [] : [...BUILTINS, NATIVE],
    })
    await bundle.write({ file: join(output, FILE), format: 'es', inlineDynamicImports: true })
    await bundle.close()
  },
}

/** All JavaScript that a bundler wrote. */
export async function readBundle(output: string): Promise<string> {
  const files = (await readdir(output, { recursive: true })).filter((file) => /\.m?js$/.test(file))
  const texts = await Promise.all(files.map((file) => readFile(join(output, file), 'utf8')))
  return texts.join('\n')
}

/** Where the module that was bundled lies. */
export function bundleFile(output: string): string {
  return join(output, FILE)
}
