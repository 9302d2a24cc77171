import type { Page as BrowserPage } from 'playwright-core'
import { borrowBrowser } from './borrow-browser.js'
import { collectErrors, type PageErrors } from './page-errors.js'

/** How a visitor sees pages. */
export interface VisitOptions {
  /** @default 'light' */
  readonly colorScheme?: 'light' | 'dark' | undefined
  /** In CSS pixels. @default 1280 by 720 */
  readonly viewport?: { readonly width: number; readonly height: number } | undefined
}

/** A page that somebody serves, open in a real browser. */
export interface VisitedPage extends AsyncDisposable {
  /** The page as Playwright sees it: to click, to type, to look. */
  readonly page: BrowserPage
  /** What went wrong in it by itself. */
  readonly errors: PageErrors
  /** Closes the page, and with the last one the browser; resolves when they are gone. */
  close(): Promise<void>
}

/**
 * Open the page at an address in a real headless Chromium. Pages that are open at once share a browser but neither
 * storage nor errors. Nothing ends a wait of the page by time: the test has a watchdog of its own.
 *
 * @throws Error when there is no Chromium, or the page fails while it loads.
 *
 * @example
 * ```ts
 * import { visitPage } from '@ipc/browser'
 *
 * await using visited = await visitPage('http://127.0.0.1:8080/', { colorScheme: 'dark' })
 * await visited.page.getByRole('button', { name: 'Send' }).click()
 * ```
 */
export async function visitPage(address: string, options: VisitOptions = {}): Promise<VisitedPage> {
  const { browser, release } = await borrowBrowser()
  const { colorScheme = 'light', viewport = { width: 1280, height: 720 } } = options
  try {
    const context = await browser.newContext({ colorScheme, viewport })
    context.setDefaultTimeout(0)
    const page = await context.newPage()
    const errors = collectErrors(page)
    let closed: Promise<void> | undefined
    const close = (): Promise<void> => {
      closed ??= context.close().finally(release)
      return closed
    }
    await errors.guard(page.goto(address)).catch(async (error) => {
      await context.close()
      throw error
    })
    return { page, errors, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    await release()
    throw error
  }
}
