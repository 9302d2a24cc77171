import { json } from '@ipc/core'
import type { Death } from '@ipc/faults/crash'
import { openRegion, type Region, type SharedValue, sharedValue } from '@ipc/shm'
import { untilFastAsleep } from './asleep.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

interface Content {
  readonly by: 'victim' | 'survivor'
  readonly number: number
  /** The number once more, many times: torn if they differ. */
  readonly filling: readonly number[]
}

interface ValueArgs {
  readonly directory: string
  readonly readOnlyReaders: boolean
  readonly number: number
}

function contentOf(by: Content['by'], number: number): Content {
  return { by, number, filling: Array.from({ length: 30 }, () => number) }
}

function valueIn(region: Region, readOnlyReaders: boolean): SharedValue<Content> {
  return sharedValue<Content>(region, 'value', { codec: json<Content>(), maxBytes: 300, readOnlyReaders })
}

/** Operations of victims that set values. */
export const setting: Operations = {
  'value.set': ({ directory, readOnlyReaders, number }: ValueArgs) => {
    const value = valueIn(openRegion('place', { directory }), readOnlyReaders)
    return () => value.set(contentOf('victim', number))
  },
}

export class ValueSurvivor implements Survivors {
  readonly #place: Place
  readonly #readOnlyReaders: boolean
  readonly #sleeps: boolean
  readonly #region: Region
  readonly #value: SharedValue<Content>
  #changed: Promise<void> | undefined
  #number = 0

  constructor(place: Place, readOnlyReaders: boolean, sleeps: boolean) {
    this.#place = place
    this.#readOnlyReaders = readOnlyReaders
    this.#sleeps = sleeps
    this.#region = place.open()
    this.#value = valueIn(this.#region, readOnlyReaders)
  }

  async prepare(): Promise<ValueArgs> {
    this.#value.set(contentOf('survivor', ++this.#number))
    this.#value.get()
    if (this.#sleeps) {
      this.#changed = this.#value.changed({ timeoutMs: WATCHDOG_MS })
      await untilFastAsleep(this.#region)
    }
    return {
      directory: this.#place.directory,
      readOnlyReaders: this.#readOnlyReaders,
      number: ++this.#number,
    }
  }

  async settle({ step }: Death): Promise<string> {
    // Nobody else rings.
    if (this.#value.ready) await this.#changed
    const { by, number } = this.#whole()
    const isNew = by === 'victim'
    check(number === (isNew ? this.#number : this.#number - 1), `found ${by}'s ${number}`)
    if (step === undefined) check(isNew, 'the old value after one who ended in order')
    // Somebody else sets it from now on.
    const next = ++this.#number
    this.#value.set(contentOf('survivor', next))
    await this.#changed
    check(this.#whole().number === next, 'what a survivor has set is not there')
    return isNew ? 'new value' : 'old value'
  }

  #whole(): Content {
    const found = this.#value.get()
    check(found !== undefined, 'no value')
    const isWhole = found.filling.length === 30 && found.filling.every((number) => number === found.number)
    check(isWhole, `torn: ${JSON.stringify(found)}`)
    return found
  }
}

function scenario(name: string, readOnlyReaders: boolean, sleeps: boolean): Scenario {
  return {
    structure: 'sharedValue',
    name,
    operation: 'value.set',
    // Each word is a step in this form; those between the first and the last are alike.
    ...(readOnlyReaders ? { only: /version|changed|participant|bell|cell(\.length)?( #[2-9])?$/i } : {}),
    begin: (place) => new ValueSurvivor(place, readOnlyReaders, sleeps),
  }
}

export const valueScenarios: readonly Scenario[] = [
  scenario('set', false, false),
  scenario('set, a reader sleeps', false, true),
  scenario('set, with read-only readers', true, false),
]
