import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page, type PageOptions } from '@ipc/browser'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47]
const HERE = new URL('.', import.meta.url)
const ECHO_WORKER = new URL('./fixtures/echo-worker.ts', import.meta.url)
const ASK_WORKER = `
export function ask(message: unknown, script = '/echo.js'): Promise<unknown> {
  const worker = new Worker(script, { type: 'module' })
  return new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data)
    worker.postMessage(message)
  })
}`

/** Keeps the browser open from test to test. */
let keeper: Page
let pages: Page[] = []

beforeAll(async () => {
  await findChromium()
  keeper = await openPage({ source: '', resolveDir: HERE })
}, INSTALL_TIMEOUT_MS)

afterAll(() => keeper?.close())

afterEach(async () => {
  const opened = pages
  pages = []
  for (const page of opened) await page.close()
})

describe('a page', () => {
  test('runs the exported functions of a file', async () => {
    const page = await open({ entry: new URL('./fixtures/greeting.ts', import.meta.url) })
    expect(await page.call<string>('greet', 'browser')).toBe('hello browser')
    expect(page.errors).toEqual([])
  })

  test('runs inline TypeScript that imports, and is ready when the module is', async () => {
    const page = await open(`
      import { greet } from './fixtures/greeting.js'
      await new Promise((resolve) => setTimeout(resolve, 50))
      export const greetLater = async (name: string): Promise<string> => greet(name)
    `)
    expect(await page.call('greetLater', 'you')).toBe('hello you')
  })

  test('copies arguments and results of many kinds', async () => {
    const page = await open('export const same = (...values: unknown[]): unknown[] => values')
    const values = [
      'grün',
      -0,
      Number.NaN,
      2n ** 70n,
      undefined,
      null,
      new Date(5),
      Uint8Array.of(1, 2),
      Float64Array.of(0.5),
      { list: [true, { deep: undefined }] },
    ]
    expect(await page.call('same', ...values)).toStrictEqual(values)
  })

  test('is a browser: it has elements to see and to click', async () => {
    const page = await open(`
      const button = document.createElement('button')
      document.body.append(button)
      button.onclick = () => { button.textContent += '!' }
      export const text = (): string => button.textContent
    `)
    await page.page.click('button')
    expect(await page.call('text')).toBe('!')
    const path = join(tmpdir(), `ipc-browser-${process.pid}.png`)
    try {
      await page.screenshot(path)
      expect([...(await readFile(path)).subarray(0, 4)]).toEqual(PNG_SIGNATURE)
    } finally {
      await rm(path, { force: true })
    }
  })

  test('shares the browser with other pages, but not storage or errors', async () => {
    const source = `
      export const write = (): void => localStorage.setItem('key', 'value')
      export const read = (): string | null => localStorage.getItem('key')
    `
    const [one, other] = await Promise.all([open(source), open(source)])
    expect(one.page.context().browser()).toBe(other.page.context().browser())
    await one.call('write')
    expect(await one.call('read')).toBe('value')
    expect(await other.call('read')).toBe(null)
    await expect(one.call('none')).rejects.toThrow('the module exports no function none')
    await one.close()
    expect(await other.call('read')).toBe(null)
  })
})

describe('isolation', () => {
  const source = `
    export const isolated = (): boolean => crossOriginIsolated
    export const sharedMemory = (): string => typeof SharedArrayBuffer
  `

  test('is the default, and gives shared memory', async () => {
    const page = await open(source)
    expect(await page.call('isolated')).toBe(true)
    expect(await page.call('sharedMemory')).toBe('function')
  })

  test('can be left out', async () => {
    const page = await open({ source, resolveDir: HERE, isolated: false })
    expect(await page.call('isolated')).toBe(false)
    expect(await page.call('sharedMemory')).toBe('undefined')
  })
})

describe('a worker', () => {
  test('loads under its name, and is isolated like the page', async () => {
    const page = await openWithWorker()
    expect(await page.call('ask', 'ping')).toEqual({ data: 'ping', isolated: true })
  })

  test('that throws fails a call that waits for it', async () => {
    const page = await openWithWorker()
    await expect(page.call('ask', 'fail')).rejects.toThrow('the worker failed')
  })

  test('that does not exist fails a call that waits for it', async () => {
    const page = await openWithWorker()
    await expect(page.call('ask', 'ping', '/none.js')).rejects.toThrow('404')
  })

  test.each(['main', 'a/b', ''])('cannot have the name "%s"', async (name) => {
    const workers = { [name]: ECHO_WORKER }
    await expect(openPage({ entry: ECHO_WORKER, workers })).rejects.toThrow(TypeError)
  })
})

describe('an error in the page', () => {
  test('that a function throws rejects its call, and no other', async () => {
    const page = await open(`
      export const fail = (): never => { throw new RangeError('out of range') }
      export const answer = (): number => 42
    `)
    await expect(page.call('fail')).rejects.toThrow('RangeError: out of range')
    expect(page.errors).toEqual([])
    expect(await page.call('answer')).toBe(42)
  })

  test.each([
    ['an uncaught exception', `setTimeout(() => { throw new Error('lost') })`],
    ['an unhandled rejection', `void Promise.reject(new Error('lost'))`],
    ['console.error', `console.error('lost')`],
  ])('that nobody catches (%s) rejects the call that waits and all later ones', async (_, code) => {
    const page = await open(`
      export const lose = (): Promise<void> => { ${code}; return new Promise(() => {}) }
      export const answer = (): number => 42
    `)
    await expect(page.call('lose')).rejects.toThrow('lost')
    await expect(page.call('answer')).rejects.toThrow('lost')
    expect(page.errors).toEqual([expect.stringContaining('lost')])
  })

  test('that is written to the console rejects the call that writes it', async () => {
    const page = await open(
      `export const complain = (): void => { console.log('fine'); console.error('bad') }`,
    )
    await expect(page.call('complain')).rejects.toThrow('bad')
    expect(page.errors).toEqual([expect.stringMatching(/^bad \(http:.*main\.js:\d+\)$/)])
  })

  test('while the module runs rejects openPage', async () => {
    await expect(open(`throw new Error('no start')`)).rejects.toThrow('no start')
    await expect(
      open(`setTimeout(() => { throw new Error('no start') }); await new Promise(() => {})`),
    ).rejects.toThrow('no start')
  })

  test('of the bundle rejects openPage', async () => {
    await expect(open(`import { readFile } from 'node:fs'; readFile()`)).rejects.toThrow('node:fs')
    await expect(open('export const =')).rejects.toThrow('Expected identifier')
  })
})

async function open(options: string | PageOptions): Promise<Page> {
  const page = await openPage(typeof options === 'string' ? { source: options, resolveDir: HERE } : options)
  pages.push(page)
  return page
}

function openWithWorker(): Promise<Page> {
  return open({
    source: ASK_WORKER,
    resolveDir: HERE,
    workers: { echo: ECHO_WORKER },
  })
}
