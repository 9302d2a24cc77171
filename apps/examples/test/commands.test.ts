import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ROOT, readDocuments } from './documents/code-block.js'
import { type ShellCommand, scriptOf, shellCommands } from './documents/shell-command.js'

// That the programs behind them do what is said is seen by test/stress/commands.stress.ts, which types all of them.

interface Manifest {
  readonly name: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
}

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest

const commands = (await readDocuments()).flatMap(shellCommands)
const installs = commands.filter(({ command }) => command.startsWith('npm install '))
const scripts = commands.filter((command) => scriptOf(command) !== undefined)
/** Programs behind scripts of the root, which pass options on. */
const PROGRAMS = ['demo', 'bench']

describe('commands in documents', () => {
  test('install what there is, in a version that the package takes', async () => {
    const folders = (await readdir(join(ROOT, 'packages'))).map((name) => join(ROOT, 'packages', name))
    const ours = (await Promise.all(folders.map(manifestOf))).map(({ name }) => name)
    const wrong: string[] = []
    for (const { words, folder, place } of installs) {
      const { dependencies, peerDependencies } = await manifestOf(folder)
      const ranges = { ...dependencies, ...peerDependencies }
      for (const word of words.slice(2).filter((each) => !each.startsWith('--'))) {
        const { name = '', version = '' } = /^(?<name>@?[^@]+)(?:@(?<version>.*))?$/.exec(word)?.groups ?? {}
        const range = ranges[name]
        const isTaken = range !== undefined && (version === '' || new RegExp(`^\\^${version}\\b`).test(range))
        if (!ours.includes(name) && !isTaken) wrong.push(`${place}: ${word}`)
      }
    }
    expect(installs.length).toBeGreaterThan(6)
    expect(wrong).toEqual([])
  })

  test('run scripts that there are', async () => {
    const wrong: string[] = []
    for (const command of scripts) {
      const { name } = scriptOf(command) as { name: string }
      const manifests = await Promise.all([ROOT, join(ROOT, 'packages/net')].map(manifestOf))
      if (!manifests.some(({ scripts: known = {} }) => name in known)) wrong.push(`${command.place}: ${name}`)
    }
    expect(scripts.length).toBeGreaterThan(10)
    expect(wrong).toEqual([])
  })

  test.each(PROGRAMS)(
    'pass options to %s that it knows',
    async (program) => {
      const help = await helpOf(program)
      const passed = scripts.flatMap((command) => {
        const script = scriptOf(command)
        return script?.name === program ? script.options.filter((word) => word.startsWith('--')) : []
      })
      expect(passed.length).toBeGreaterThan(0)
      expect(passed.filter((option) => !new RegExp(`^\\s+(-\\w, )?${option}\\b`, 'm').test(help))).toEqual([])
    },
    60_000,
  )

  test('are of a kind that is tried, in a README', () => {
    const untried = commands.filter((command) => {
      return basename(command.place).startsWith('README.md') && !isTried(command)
    })
    expect(untried.map(({ place, command }) => `${place}: ${command}`)).toEqual([])
  })
})

/** An installation is tried by the tests of the packed packages, `src/` of the examples by test/programs.test.ts. */
function isTried(command: ShellCommand): boolean {
  if (installs.includes(command) || scripts.includes(command)) return true
  const [program, ...words] = command.words
  const file = words.find((word) => word.endsWith('.ts'))
  return program === 'node' && file !== undefined && existsSync(join(command.folder, file))
}

async function helpOf(program: string): Promise<string> {
  const source = join(ROOT, 'apps', program, 'src/cli.ts')
  const node = ['--import', 'tsx', '--conditions=@ipc/source', source, '--help']
  const { stdout } = await promisify(execFile)(process.execPath, node, { cwd: ROOT })
  return stdout
}
