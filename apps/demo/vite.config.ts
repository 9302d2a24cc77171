import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

/** The page of the lab, beside the programs that serve it. */
export default defineConfig({
  root: fileURLToPath(new URL('./src/web/page', import.meta.url)),
  base: './',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  worker: { format: 'es' },
  build: {
    outDir: fileURLToPath(new URL('./dist/page', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: true,
    // The policy of the server allows no scripts within the page.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  logLevel: 'warn',
})
