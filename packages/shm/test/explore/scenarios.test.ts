import { readdirSync, readFileSync } from 'node:fs'
import { loadModel } from '@ipc/faults'
import { expect, test } from 'vitest'

const models = readdirSync(new URL('.', import.meta.url)).filter((file) => file.endsWith('.model.ts'))

test.each(models)('every scenario of %s is explored', async (file) => {
  const { scenarios } = await loadModel({ entry: new URL(`./${file}`, import.meta.url) })
  const tests = readFileSync(new URL(`./${file.replace('.model.', '.test.')}`, import.meta.url), 'utf8')
  expect(Object.keys(scenarios).length).toBeGreaterThan(0)
  expect(Object.keys(scenarios).filter((name) => !tests.includes(`'${name}'`))).toEqual([])
})
