import { afterEach, beforeEach, expect, test } from 'vitest'
import { Stage } from './fixtures/stage.js'

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.end())

test('ipc bench measures each transport, and nothing is lost', async () => {
  const { code, stdout, stderr } = await stage.program(['bench', '--seconds', '0.02', '--json'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { transports, cores } = JSON.parse(stdout)
  expect(cores).toBeGreaterThan(0)
  expect(transports.map(({ transport }: { transport: string }) => transport)).toEqual(['shm', 'unix', 'tcp'])
  for (const figures of transports) {
    for (const figure of Object.values(figures).slice(1)) expect(figure).toBeGreaterThan(0)
  }
})

test('ipc bench refuses what it does not know', async () => {
  expect(await stage.ipc(['bench', 'pigeon'])).toMatchObject({ code: 2 })
  expect(await stage.ipc(['bench', '--seconds', '0'])).toMatchObject({ code: 2 })
})
