import { findChromium, INSTALL_TIMEOUT_MS, visitPage } from '@ipc/browser'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FileServer, serveFiles } from '../src/serve-files.js'

const PAGE = '<!doctype html><title>seen</title><link rel="icon" href="data:,"><p>hello'
const BROKEN = `${PAGE}<button onclick="throw new Error('broken')">break</button>`

let server: FileServer

beforeAll(async () => {
  await findChromium()
  server = await serveFiles(
    new Map([
      ['/index.html', PAGE],
      ['/broken.html', BROKEN],
    ]),
    false,
  )
}, INSTALL_TIMEOUT_MS)

afterAll(() => server?.close())

describe('visitPage', () => {
  test('opens what is served there, in the colours and the width that were asked for', async () => {
    const viewport = { width: 380, height: 600 }
    await using visited = await visitPage(server.origin, { colorScheme: 'dark', viewport })
    expect(await visited.page.title()).toBe('seen')
    expect(await visited.page.evaluate('innerWidth')).toBe(380)
    expect(await visited.page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches')).toBe(true)
    visited.errors.check()
  })

  test('tells what nobody in the page has caught, also while something else is awaited', async () => {
    await using visited = await visitPage(`${server.origin}/broken.html`)
    const waiting = expect(visited.errors.guard(visited.page.waitForFunction('false'))).rejects.toThrow(
      'broken',
    )
    await visited.page.getByRole('button').click()
    await waiting
  })

  test('fails where nobody serves', async () => {
    const gone = await serveFiles(new Map(), false)
    await gone.close()
    await expect(visitPage(gone.origin)).rejects.toThrow('ERR_CONNECTION_REFUSED')
  })
})
