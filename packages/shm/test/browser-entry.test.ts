import { expect, test } from 'vitest'
import * as browser from '../src/browser.js'
import * as node from '../src/index.js'

test('a page finds the same names as Node.js', () => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort())
})

test('named regions and connections by name say IPC_NOT_SUPPORTED, and what to use instead', async () => {
  const wanted = expect.objectContaining({
    code: 'IPC_NOT_SUPPORTED',
    message: expect.stringContaining('use createRegion and fromBuffer instead'),
  })
  expect(() => browser.openRegion()).toThrow(wanted)
  expect(() => browser.listRegions()).toThrow(wanted)
  expect(() => browser.removeRegion()).toThrow(wanted)
  await expect(browser.shm().listen('prices')).rejects.toEqual(wanted)
  await expect(browser.shm().connect('prices')).rejects.toEqual(wanted)
})
