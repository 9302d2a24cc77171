import { describe, expect, inject, test } from 'vitest'
import { type CodeBlock, type Document, readDocuments } from './documents/code-block.js'
import { type ProgramGroup, programGroups, unmarkedPrograms } from './documents/program-group.js'
import { printed, runsHere, surprises } from './documents/run-group.js'

const documents = await readDocuments()
const home = inject('home')
const groups = documents.flatMap(programGroups).filter(runsHere)

describe('programs in documents', { timeout: 180_000 }, () => {
  test.concurrent.for(groups.map((group) => ({ ...group, id: `${group.place}: ${group.title}` })))(
    '$id prints what it says',
    async (group, { signal, expect }) => {
      expect(await surprises(group, home, signal)).toEqual({})
    },
  )

  test('that are whole are run, or say why they are not', () => {
    expect(groups.length).toBeGreaterThan(0)
    expect(documents.flatMap(unmarkedPrograms)).toEqual([])
  })
})

describe('the check of programs', { timeout: 180_000 }, () => {
  const document = (text: string, ...sources: string[]): Document => {
    const blocks = sources.map((source): CodeBlock => {
      const index = text.indexOf(source)
      return { place: 'here:1', index, name: /^\/\/ (\S+)/.exec(source)?.[1], source, virtualPath: '' }
    })
    return { path: 'here', text, blocks }
  }
  const only = (subject: Document): ProgramGroup => programGroups(subject)[0] as ProgramGroup

  test('finds one that prints something else', async ({ signal }) => {
    const source = "console.log('one') // two\n"
    expect(await surprises(only(document(`<!-- run -->\n${source}`, source)), home, signal)).toEqual({
      'program.ts': 'one\n',
    })
  })

  test('finds one that fails', async ({ signal }) => {
    const source = "throw new Error('no way')\n"
    const group = only(document(`<!-- run -->\n${source}`, source))
    await expect(surprises(group, home, signal)).rejects.toThrow('no way')
  })

  test('finds what something that goes on prints', async ({ signal }) => {
    const server = "// server.ts\nsetInterval(() => {}, 1000)\nconsole.log('up') // down\nprocess.exit()\n"
    const client = "// client.ts\nconsole.log('done') // done\n"
    const group = only(document(`<!-- run: server.ts & client.ts -->\n${server}${client}`, server, client))
    expect(await surprises(group, home, signal)).toEqual({ 'server.ts': 'up\n' })
  })

  test('asks every whole program how it is run', () => {
    const whole = "import { net } from '@ipc/net'\nnet()\n"
    expect(unmarkedPrograms(document(whole, whole))).toEqual(['here:1'])
    expect(unmarkedPrograms(document(`<!-- run -->\n${whole}`, whole))).toEqual([])
    expect(unmarkedPrograms(document(`<!-- not run: needs a network -->\n${whole}`, whole))).toEqual([])
  })

  test('takes … for anything, and no difference of line breaks for one', () => {
    expect(printed('a\n b (1 ms)\nc', 'a b (… ms) c')).toBe(true)
    expect(printed('a b d', 'a b c')).toBe(false)
    expect(printed('abc', 'ab')).toBe(false)
  })
})
