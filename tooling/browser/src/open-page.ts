import type { Page as BrowserPage } from 'playwright-core'
import { type BundleInput, bundle } from './bundle.js'
import type { PageErrors } from './page-errors.js'
import { serveFiles } from './serve-files.js'
import { visitPage } from './visit-page.js'

/** What {@link openPage} runs, and how. */
export type PageOptions = BundleInput & {
  /** Whether the page is cross-origin isolated and so has `SharedArrayBuffer`. Default: `true`. */
  readonly isolated?: boolean
  /** Files of Web Workers by name: `NAME` is there for `new Worker('/NAME.js', { type: 'module' })`. */
  readonly workers?: Readonly<Record<string, string | URL>>
}

/** A module that runs in a page of a real browser. */
export interface Page extends AsyncDisposable {
  /**
   * Call a function that the module exports; waits when it returns a promise.
   *
   * Arguments and result are copied: what JSON knows, `undefined`, `NaN`, `-0`, bigint, `Date`, `Error` and typed
   * arrays.
   *
   * @throws Error when the function throws or is not there, and with {@link Page.errors} as soon as there are any.
   */
  call<T>(name: string, ...args: readonly unknown[]): Promise<T>
  /** Uncaught exceptions and rejections, and responses from 400 on, and what is on the console as an error, so far. */
  readonly errors: readonly string[]
  /** The page as Playwright sees it: to click, to type, to look. */
  readonly page: BrowserPage
  /** Write what the page looks like to a PNG file. */
  screenshot(path: string): Promise<void>
  /** Closes the page and its server, and with the last page the browser; resolves when they are gone. */
  close(): Promise<void>
}

/** Cleanups, run last first. */
type Cleanups = (() => Promise<void>)[]

/** The namespace is a global only when the module and what it awaits have run. */
const INDEX = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,"></head>
<body><script>
globalThis.loaded = import('/main.js').then((exports) => { globalThis.exports = exports })
</script></body>
</html>
`

/**
 * Bundle a module from the workspace's sources and run it in a page of a real headless Chromium. Resolves when the
 * module has run. Pages that are open at once share a browser but neither storage nor errors.
 *
 * @throws Error when the module does not bundle or throws while it runs, or when there is no Chromium
 * ({@link findChromium}).
 *
 * @example
 * ```ts
 * import { openPage } from '@ipc/browser'
 *
 * await using page = await openPage({
 *   source: `export const add = (a: number, b: number): number => a + b`,
 *   resolveDir: new URL('.', import.meta.url),
 * })
 * await page.call<number>('add', 1, 2) // 3
 * ```
 */
export async function openPage(options: PageOptions): Promise<Page> {
  const files = await bundleFiles(options)
  const cleanups: Cleanups = []
  try {
    const server = await serveFiles(files, options.isolated ?? true)
    cleanups.push(() => server.close())
    const { page, errors, close } = await visitPage(server.origin)
    cleanups.push(close)
    await errors.guard(page.evaluate('globalThis.loaded'))
    return createPage(page, errors, cleanups)
  } catch (error) {
    await cleanUp(cleanups)
    throw error
  }
}

async function bundleFiles(options: PageOptions): Promise<Map<string, string>> {
  const workers = Object.entries(options.workers ?? {})
  for (const [name] of workers) {
    if (name === 'main' || !/^[\w-]+$/.test(name)) throw new TypeError(`not a name for a worker: ${name}`)
  }
  const inputs: [string, BundleInput][] = [
    ['main', options],
    ...workers.map(([name, entry]): [string, BundleInput] => [name, { entry }]),
  ]
  const scripts = inputs.map(
    async ([name, input]): Promise<[string, string]> => [`/${name}.js`, await bundle(input)],
  )
  return new Map([['/index.html', INDEX], ...(await Promise.all(scripts))])
}

function createPage(page: BrowserPage, errors: PageErrors, cleanups: Cleanups): Page {
  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= cleanUp(cleanups)
    return closed
  }
  return {
    async call<T>(name: string, ...args: readonly unknown[]): Promise<T> {
      errors.check()
      return errors.guard(page.evaluate(callExport, { name, args }) as Promise<T>)
    },
    errors: errors.list,
    page,
    async screenshot(path) {
      await page.screenshot({ path })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Runs in the page, so uses nothing from here. */
function callExport({ name, args }: { name: string; args: readonly unknown[] }): unknown {
  const { exports } = globalThis as unknown as { exports: Record<string, (...args: unknown[]) => unknown> }
  if (typeof exports[name] !== 'function') throw new TypeError(`the module exports no function ${name}`)
  return exports[name](...args)
}

/** All of them, whichever fails. */
async function cleanUp(cleanups: Cleanups): Promise<void> {
  const last = cleanups.pop()
  if (last === undefined) return
  try {
    await last()
  } finally {
    await cleanUp(cleanups)
  }
}
