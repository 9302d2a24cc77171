import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page } from '@ipc/browser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ENTRY = new URL('./fixtures/browser/page.ts', import.meta.url)
const WORKER = new URL('./fixtures/browser/worker.ts', import.meta.url)

let page: Page

beforeAll(async () => {
  await findChromium()
  page = await openPage({ entry: ENTRY, workers: { worker: WORKER } })
}, INSTALL_TIMEOUT_MS)

afterAll(() => page?.close())

describe('shared memory in Chromium', () => {
  test('records go to a blocking worker and back to a page that waits in its event loop', async () => {
    expect(await page.call<number>('echo', 2000)).toBe((2000 * 1999) / 2)
  })

  test('three workers write one ring, each in its order', async () => {
    expect(await page.call('many', 3, 20_000)).toBeUndefined()
  })

  test('a mutex loses no update of three workers and the page', async () => {
    expect(await page.call<number>('count', 3, 2000)).toBe(8000)
  })

  test('a value that a worker sets as fast as it can is never torn', async () => {
    const { whole, torn, last } = await page.call<{ whole: number; torn: number; last: number }>(
      'read',
      300_000,
    )
    expect({ torn, last }).toEqual({ torn: 0, last: 300_000 })
    expect(whole).toBeGreaterThan(1000)
  })

  test('a connection to a worker carries messages both ways', async () => {
    expect(await page.call<number>('connect', 2000)).toBe((2000 * 1999) / 2)
  })

  test('blocking in a page is refused with IPC_NOT_SUPPORTED', async () => {
    expect(await page.call<string>('block')).toMatch(/^IPC_NOT_SUPPORTED: this thread must not block/)
  })

  test('without cross-origin isolation the error names the headers that are missing', async () => {
    await using plain = await openPage({ entry: ENTRY, isolated: false })
    const said = await plain.call<string>('create')
    expect(said).toMatch(/^IPC_NOT_SUPPORTED/)
    expect(said).toContain('Cross-Origin-Opener-Policy: same-origin')
    expect(said).toContain('Cross-Origin-Embedder-Policy: require-corp')
  })
})
