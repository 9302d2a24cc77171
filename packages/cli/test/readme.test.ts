import { readFileSync, writeFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { Stage } from './fixtures/stage.js'

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

interface Step {
  readonly command: string
  readonly output: string
}

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.end())

test('the commands of the README print what it says, but for the numbers', async () => {
  const steps = stepsOf(README)
  expect(steps.length).toBeGreaterThan(8)
  const program = stage.node(['--input-type=module', '-e', programOf(README)])
  await program.shows(/ready/)
  for (const { command, output } of steps) {
    const { stdout, stderr, code } = await shell(command)
    expect({ command, code, output: shapeOf(stderr + stdout) }).toEqual({
      command,
      code: 0,
      output: shapeOf(output),
    })
  }
})

/** The commands of the blocks of a session, each with what it prints. */
function stepsOf(text: string): Step[] {
  return [...text.matchAll(/^```console\n(.*?)^```/gms)].flatMap(([, session = '']) =>
    session
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...output] = step.split('\n')
        return { command, output: output.join('\n') }
      }),
  )
}

/** The program of the README, with the names of this test's directory. */
function programOf(text: string): string {
  const source = /^```js\n(.*?)^```/ms.exec(text)?.[1] ?? ''
  const file = stage.path('prices.js')
  writeFileSync(file, source)
  const app = JSON.stringify(new URL(`file://${inject('programs')}/packages.js`).href)
  return source
    .replace(/from '@ipc\/\w+'/g, `from ${app}`)
    .replace('{ bytes:', `{ directory: ${JSON.stringify(stage.directory)}, bytes:`)
    .concat("\nconsole.log('ready')\n")
}

/** Run a line of a shell in which `ipc` is this program, and its names are those of this test. */
async function shell(command: string): ReturnType<Stage['ipc']> {
  const script = `
    cd ${stage.directory}
    ipc() {
      case "$1" in
        queue | completion | -*) node ${inject('programs')}/cli.js "$@" ;;
        *) node ${inject('programs')}/cli.js "$@" --dir ${stage.directory} ;;
      esac
    }
    ${command}`
  const { child, ended } = stage.spawn('bash', ['-c', script])
  child.stdin?.end()
  return ended
}

/** What a text is like, whatever the numbers, and the widths of its columns. */
function shapeOf(text: string): string[] {
  return stripVTControlCharacters(text)
    .replaceAll(stage.directory, '/dev/shm/ipc-1000')
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/\d+(?:[ .]\d+)*/g, 'N')
    .split('\n')
    .map((line) => line.trim().replace(/ +/g, ' '))
    .filter((line) => line !== '')
}
