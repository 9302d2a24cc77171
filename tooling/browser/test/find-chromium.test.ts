import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { findChromium } from '@ipc/browser'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** The only folder on `PATH`. */
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipc-browser-'))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('CHROMIUM_PATH', undefined)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true, force: true })
})

describe('findChromium', () => {
  test('takes what CHROMIUM_PATH names before what is on PATH', async () => {
    await writeProgram('chromium')
    const named = await writeProgram('my-chromium')
    vi.stubEnv('CHROMIUM_PATH', named)
    expect(await findChromium()).toBe(named)
  })

  test('refuses a CHROMIUM_PATH that names no program', async () => {
    await writeProgram('chromium')
    vi.stubEnv('CHROMIUM_PATH', folder)
    await expect(findChromium()).rejects.toThrow(`CHROMIUM_PATH is no program: ${folder}`)
  })
})

describe.runIf(process.platform === 'linux')('findChromium on Linux', () => {
  test('looks for the names on all of PATH, chromium first', async () => {
    vi.stubEnv('PATH', `${delimiter}${join(folder, 'none')}${delimiter}${folder}`)
    const chrome = await writeProgram('google-chrome')
    expect(await findChromium()).toBe(chrome)
    const chromium = await writeProgram('chromium')
    expect(await findChromium()).toBe(chromium)
  })

  test('passes over a file that is no program', async () => {
    await writeFile(join(folder, 'chromium'), '')
    const chrome = await writeProgram('google-chrome-stable')
    expect(await findChromium()).toBe(chrome)
  })

  test('says what to install when there is none', async () => {
    await expect(findChromium()).rejects.toThrow(
      /no Chromium found.*apt-get install --no-install-recommends chromium.*CHROMIUM_PATH/,
    )
  })
})

async function writeProgram(name: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, '', { mode: 0o755 })
  return path
}
