import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createContext, Script } from 'node:vm'
import { build, type Plugin } from 'esbuild'
import type { Seam } from './access.js'
import { Realm } from './realm.js'
import type { Scenario } from './scenario.js'

/** A bug to plant: a piece of source text and what stands there instead. */
export interface Mutation {
  /** End of the file's path. */
  readonly file: string
  /** Has to be in the file exactly once. */
  readonly from: string
  readonly to: string
}

/** What to load. */
export interface ModelInput {
  /** A TypeScript file whose exports are scenarios. */
  readonly entry: URL
  readonly mutate?: Mutation | readonly Mutation[]
}

/** Code loaded into a realm of its own, whose memory and `Atomics` are the model's. */
export interface Model {
  readonly scenarios: Readonly<Record<string, Scenario>>
  readonly realm: Realm
  /** The bundle, in which stacks have their lines. */
  readonly source: string
}

/** Name of the bundle in stacks. */
export const BUNDLE_NAME = 'explored.js'

/**
 * Bundle an entry with the sources it imports, unchanged but for the mutations, and load it into a realm of the model.
 *
 * @throws Error when the text of a mutation is not there exactly once.
 */
export async function loadModel({ entry, mutate = [] }: ModelInput): Promise<Model> {
  const mutations = [mutate].flat() as readonly Mutation[]
  const planted = new Set<Mutation>()
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    keepNames: true,
    conditions: ['@ipc/source'],
    external: ['koffi'],
    plugins: [planting(mutations, planted)],
    logLevel: 'silent',
  })
  for (const mutation of mutations) {
    if (!planted.has(mutation)) throw new Error(`no module ends in ${mutation.file}`)
  }
  const source = (outputFiles[0] as { text: string }).text
  const seam: Seam = { port: { access: refuse } }
  const realm = new Realm(createContext({}), seam)
  const wrapped = `(function (module, exports, require) {${source}\n})`
  const evaluate = new Script(wrapped, { filename: BUNDLE_NAME }).runInContext(realm.context)
  const module: { exports: Record<string, Scenario> } = { exports: {} }
  evaluate(module, module.exports, (name: string) => {
    throw new Error(`what is explored must not need ${name}`)
  })
  return { scenarios: module.exports, realm, source }
}

function planting(mutations: readonly Mutation[], planted: Set<Mutation>): Plugin {
  return {
    name: 'planted bugs',
    setup(bundle) {
      bundle.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const here = mutations.filter(({ file }) => path.endsWith(`/${file}`))
        if (here.length === 0) return undefined
        let contents = await readFile(path, 'utf8')
        for (const mutation of here) {
          contents = plant(contents, mutation)
          planted.add(mutation)
        }
        return { contents, loader: 'ts' }
      })
    },
  }
}

function plant(contents: string, { file, from, to }: Mutation): string {
  const count = contents.split(from).length - 1
  if (count !== 1) throw new Error(`${basename(file)} has ${count} times, and not once: ${from}`)
  return contents.replace(from, () => to)
}

function refuse(): never {
  throw new Error('memory was accessed while the modules were loaded')
}
