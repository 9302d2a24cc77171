import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page } from '@ipc/browser'
import { beforeAll, describe, expect, test } from 'vitest'
import { borrowBrowser } from '../src/borrow-browser.js'

const ANSWER = 'export const answer = (): number => 42'
const WAIT = 'export const wait = (): Promise<void> => new Promise(() => {})'

beforeAll(async () => {
  await findChromium()
}, INSTALL_TIMEOUT_MS)

describe('close', () => {
  test('leaves no process of the browser and no server', async () => {
    const page = await open(ANSWER)
    const origin = new URL(page.page.url())
    const pids = await pidsOfBrowser()
    expect(pids.length).toBeGreaterThan(1)
    expect(pids.filter(isAlive)).toEqual(pids)
    await page.close()
    await until(() => !pids.some(isAlive))
    await expect(fetch(origin)).rejects.toThrow()
    await expect(page.call('answer')).rejects.toThrow()
  })

  test('may be called again, and by await using', async () => {
    const page = await open(ANSWER)
    await Promise.all([page.close(), page.close(), page[Symbol.asyncDispose]()])
    await using next = await open(ANSWER)
    expect(await next.call('answer')).toBe(42)
  })

  test('rejects the calls that wait', async () => {
    const page = await open(WAIT)
    const waiting = expect(page.call('wait')).rejects.toThrow('closed')
    await page.close()
    await waiting
  })

  test('is no trouble when the browser is gone, and the next page gets another one', async () => {
    const page = await open(ANSWER)
    await page.page.context().browser()?.close()
    await using next = await open(ANSWER)
    expect(await next.call('answer')).toBe(42)
    await expect(page.call('answer')).rejects.toThrow()
    await page.close()
    expect(await next.call('answer')).toBe(42)
  })
})

function open(source: string): Promise<Page> {
  return openPage({ source, resolveDir: new URL('.', import.meta.url) })
}

/** Of the browser that this process has open: itself, its renderers and all others. */
async function pidsOfBrowser(): Promise<number[]> {
  const { browser, release } = await borrowBrowser()
  try {
    const session = await browser.newBrowserCDPSession()
    const { processInfo } = await session.send('SystemInfo.getProcessInfo')
    return processInfo.map(({ id }) => id)
  } finally {
    await release()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !isZombie(pid)
  } catch {
    return false
  }
}

/** Ended, but not yet noticed by its parent, which may be an init that does not look. */
function isZombie(pid: number): boolean {
  return /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(5)
}
