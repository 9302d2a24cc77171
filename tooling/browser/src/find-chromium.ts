import { join } from 'node:path'
import { canInstall, findOnPath, installPackages, installSettled, isProgram } from '@ipc/debian'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const MAC_PLACES = [
  'Google Chrome.app/Contents/MacOS/Google Chrome',
  'Chromium.app/Contents/MacOS/Chromium',
  'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
]
const WINDOWS_PLACES = ['Google/Chrome/Application/chrome.exe', 'Microsoft/Edge/Application/msedge.exe']
const WINDOWS_FOLDERS = ['PROGRAMFILES', 'PROGRAMFILES(X86)', 'LOCALAPPDATA']

/**
 * Path of a Chromium to run: the one that `CHROMIUM_PATH` names, else one on `PATH` or where Chrome and Edge are
 * usually installed. Where there is none and this is root on a system with apt-get, installs the package `chromium`,
 * which takes up to minutes; of several processes that do so at once, one installs and the others wait.
 *
 * @throws Error that says what to install when there is none, or when `CHROMIUM_PATH` names none.
 *
 * @example
 * ```ts
 * import { findChromium, INSTALL_TIMEOUT_MS } from '@ipc/browser'
 * import { beforeAll } from 'vitest'
 *
 * beforeAll(async () => {
 *   await findChromium()
 * }, INSTALL_TIMEOUT_MS)
 * ```
 */
export async function findChromium(): Promise<string> {
  const named = process.env.CHROMIUM_PATH
  if (named !== undefined && named !== '') {
    if (await isProgram(named)) return named
    throw new Error(`CHROMIUM_PATH is no program: ${named}`)
  }
  if (!(await canInstall())) return (await findInstalled()) ?? missing()
  await installSettled()
  return (await findInstalled()) ?? (await installMissing())
}

async function findInstalled(): Promise<string | undefined> {
  for (const name of NAMES) {
    const path = await findOnPath(name)
    if (path !== undefined) return path
  }
  for (const path of usualPlaces()) {
    if (await isProgram(path)) return path
  }
  return undefined
}

function usualPlaces(): string[] {
  if (process.platform === 'darwin') return MAC_PLACES.map((place) => join('/Applications', place))
  if (process.platform !== 'win32') return []
  const folders = WINDOWS_FOLDERS.flatMap((name) => process.env[name] ?? [])
  return WINDOWS_PLACES.flatMap((place) => folders.map((folder) => join(folder, place)))
}

async function installMissing(): Promise<string> {
  let failure: Error | undefined
  try {
    await installPackages({ packages: ['chromium'], isThere: 'command -v chromium' })
  } catch (error) {
    failure = error as Error
  }
  return (await findInstalled()) ?? missing(failure)
}

function missing(cause?: Error): never {
  const install =
    process.platform === 'linux'
      ? 'Install it (Debian: apt-get install --no-install-recommends chromium)'
      : 'Install Google Chrome'
  const advice = `${install}, or set CHROMIUM_PATH to a Chromium, Chrome or Edge.`
  const reason = cause === undefined ? '' : `\n${cause.message}`
  throw new Error(`no Chromium found, which tests in a browser need. ${advice}${reason}`, { cause })
}
