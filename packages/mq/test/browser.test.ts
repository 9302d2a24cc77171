import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page } from '@ipc/browser'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

// A queue that lives in a SharedWorker, and is used by tabs, frames and Web Workers of its origin.

const HERE = new URL('./fixtures/browser/', import.meta.url)
const PAGE = {
  entry: new URL('page.ts', HERE),
  workers: { broker: new URL('broker.ts', HERE), worker: new URL('worker.ts', HERE) },
}
const COUNT = 1000

/** Numbers by priority, which is their last digit, and then in order. */
const inOrder = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i).sort((a, b) => (b % 10) - (a % 10) || a - b)

let tab: Page
let other: Tab

/** A second tab of the same origin. */
interface Tab {
  call<T>(name: string, ...args: readonly unknown[]): Promise<T>
  close(): Promise<void>
}

async function openTab({ page }: Page, name = 'broker'): Promise<Tab> {
  const opened = await page.context().newPage()
  await opened.goto(page.url())
  await opened.evaluate('globalThis.loaded')
  const call = async <T>(name: string, ...args: readonly unknown[]): Promise<T> =>
    (await opened.evaluate(`exports.${name}(...${JSON.stringify(args)})`)) as T
  await call('join', name)
  return { call, close: () => opened.close() }
}

beforeAll(async () => {
  await findChromium()
}, INSTALL_TIMEOUT_MS)

beforeEach(async () => {
  tab = await openPage(PAGE)
  await tab.call('join')
  other = await openTab(tab)
}, INSTALL_TIMEOUT_MS)

afterEach(async () => {
  expect(tab.errors).toEqual([])
  await tab.close()
})

describe('a queue in a SharedWorker', () => {
  test('one tab sends, another one retrieves all, in the order of priority', async () => {
    await tab.call('send', 0, COUNT)
    expect(await other.call('receive')).toEqual(inOrder(0, COUNT))
  })

  test('messages stay when their sender is closed, for a tab that is opened later', async () => {
    await other.call('send', 0, COUNT)
    await other.close()
    const later = await openTab(tab)
    expect(await later.call('receive')).toEqual(inOrder(0, COUNT))
  })

  test('two tabs, a frame and a Web Worker share the work, each message once', async () => {
    await tab.call('inFrame', 'send', 0, COUNT)
    const taken = await Promise.all([
      tab.call<number[]>('receive'),
      other.call<number[]>('receive'),
      tab.call<number[]>('inWorker'),
    ])
    expect(taken.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: COUNT }, (_, n) => n))
    for (const part of taken) expect(part).toEqual([...part].sort((a, b) => (b % 10) - (a % 10) || a - b))
  })

  test('what a closed tab holds goes to another one', async () => {
    await tab.call('send', 0, 1)
    expect(await other.call('hold', 1)).toEqual([0])
    expect(await tab.call('counts')).toEqual({ ready: 0, leased: 1 })
    const again = tab.call('receiveOne')
    await other.close()
    expect(await again).toMatchObject({ body: 0 })
    expect(await tab.call('counts')).toEqual({ ready: 0, leased: 0 })
  })

  test('what a removed frame holds goes to another one', async () => {
    await tab.call('send', 0, 1)
    expect(await tab.call('inFrame', 'hold', 1)).toEqual([0])
    const again = other.call('receiveOne')
    await tab.call('removeFrame')
    expect(await again).toMatchObject({ body: 0 })
  })

  test('what a terminated Web Worker holds goes to another one', async () => {
    await tab.call('send', 0, 1)
    expect(await tab.call('inWorker', 1)).toEqual([0])
    const again = other.call('receiveOne')
    await tab.call('terminateWorkers')
    expect(await again).toMatchObject({ body: 0 })
  })
})

describe('where ports do not tell of their end', () => {
  test('what a closed tab holds goes to another one: Web Locks tell', async () => {
    await using first = await openPage(PAGE)
    await first.call('join', 'without close')
    const second = await openTab(first, 'without close')
    await first.call('send', 0, 1)
    expect(await second.call('hold', 1)).toEqual([0])
    const again = first.call('receiveOne')
    await second.close()
    expect(await again).toMatchObject({ body: 0 })
  })
})

describe('a Web Worker', () => {
  test('that is terminated is lost', async () => {
    expect(await tab.call('loseWorker')).toEqual({ echoed: 'hello', code: 'IPC_PEER_LOST' })
  })
})
