import { type Browser, chromium } from 'playwright-core'
import { findChromium } from './find-chromium.js'

/** A use of the process's browser. */
export interface BorrowedBrowser {
  readonly browser: Browser
  /** Ends the use; the last one ends the browser, and resolves when its process is gone. */
  release(): Promise<void>
}

/** What the pages that are open at once have in common. */
interface Shared {
  readonly browser: Promise<Browser>
  users: number
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-dev-shm-usage',
  '--disable-sync',
  '--no-first-run',
]

let shared: Shared | undefined

/** Use the browser that this process has open; start it, with an empty profile, if there is none. */
export async function borrowBrowser(): Promise<BorrowedBrowser> {
  shared ??= share()
  const mine = shared
  mine.users++
  return { browser: await mine.browser, release: () => release(mine) }
}

function share(): Shared {
  const opened: Shared = { browser: launch(), users: 0 }
  const gone = (): void => forget(opened)
  // One that did not start, or died by itself, is nobody's to borrow any more.
  opened.browser.then((browser) => browser.once('disconnected', gone), gone)
  return opened
}

async function release(from: Shared): Promise<void> {
  if (--from.users > 0) return
  forget(from)
  const browser = await from.browser
  await browser.close()
}

function forget(gone: Shared): void {
  if (shared === gone) shared = undefined
}

async function launch(): Promise<Browser> {
  // The test has a watchdog of its own.
  return chromium.launch({ executablePath: await findChromium(), args: ARGS, headless: true, timeout: 0 })
}
