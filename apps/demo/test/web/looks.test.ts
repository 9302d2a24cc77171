import { findChromium, INSTALL_TIMEOUT_MS } from '@ipc/browser'
import axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LabVisit, startLab } from '../fixtures/web/lab-visit.js'

const WATCHDOG_MS = 60_000
const PANELS = ['Shared memory', 'Message passing', 'Message queue', 'Races', 'Transports', 'In the browser']

let endLab: (() => void) | undefined
let address: string

beforeAll(async () => {
  await findChromium()
  ;({ address } = await startLab((cleanUp) => {
    endLab = cleanUp
  }))
}, INSTALL_TIMEOUT_MS)

afterAll(() => endLab?.())

describe.each([
  ['in light', { colorScheme: 'light' }],
  ['in dark', { colorScheme: 'dark' }],
  ['380 px wide', { viewport: { width: 380, height: 800 } }],
] as const)('every panel %s', { timeout: WATCHDOG_MS }, (_how, options) => {
  test('has no violation that axe finds, and fits', async () => {
    const lab = await LabVisit.to(address, options)
    await lab.page.evaluate(axe.source)
    for (const title of PANELS) {
      await lab.open(title)
      const { violations } = (await lab.page.evaluate(
        'axe.run(document, { resultTypes: ["violations"] })',
      )) as {
        violations: readonly { id: string; nodes: readonly { html: string }[] }[]
      }
      const found = violations.map(({ id, nodes }) => `${title}: ${id}: ${nodes.map(({ html }) => html)}`)
      expect(found).toEqual([])
      expect(
        await lab.page.evaluate('document.documentElement.scrollWidth - innerWidth'),
      ).toBeLessThanOrEqual(0)
    }
    lab.check()
    await lab.close()
  })
})

test('the keyboard reaches the panels, and what is opened has the focus', {
  timeout: WATCHDOG_MS,
}, async () => {
  await using lab = await LabVisit.to(address)
  const focused = (): Promise<string> => lab.page.evaluate('document.activeElement.textContent')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Skip to the panel')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Shared memory')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Message passing')
  await lab.page.keyboard.press('Enter')
  await lab.page.locator('h2:focus').filter({ hasText: 'Message passing' }).waitFor()
  lab.check()
})
