import type { ConsoleMessage, Page } from 'playwright-core'

/** What went wrong in a page by itself, outside the calls to it. */
export interface PageErrors {
  /** Grows while the page is open. */
  readonly list: readonly string[]
  /** Throws what is in the list, if anything is. */
  check(): void
  /** What `attempt` gives; rejects as soon as there is an error in the page, even if `attempt` never settles. */
  guard<T>(attempt: Promise<T>): Promise<T>
}

/** Collect uncaught exceptions and unhandled rejections of a page and its workers, and `console.error`. */
export function collectErrors(page: Page): PageErrors {
  const list: string[] = []
  let fail!: (error: Error) => void
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const summary = (): Error => new Error(`errors in the page:\n${list.join('\n')}`)
  const add = (text: string): void => {
    list.push(text)
    fail(summary())
  }
  const check = (): void => {
    if (list.length > 0) throw summary()
  }
  page.on('pageerror', (error) => add(error.stack || String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') add(describe(message))
  })
  // The console tells of most of these, but not of a worker's script.
  page.on('response', (response) => {
    if (response.status() >= 400) add(`status ${response.status()} of ${response.url()}`)
  })
  return {
    list,
    check,
    async guard(attempt) {
      const value = await Promise.race([attempt, failed])
      check()
      return value
    },
  }
}

/** The text with its place: what the browser itself complains about names no file. */
function describe(message: ConsoleMessage): string {
  const { url, lineNumber } = message.location()
  return url === '' ? message.text() : `${message.text()} (${url}:${lineNumber + 1})`
}
