import type { CrashPoint, Death } from '@ipc/faults/crash'
import { type ConnectArgs, NextListener } from './connection-scenarios.js'
import { type LockArgs, MutexSurvivor } from './lock-scenarios.js'
import {
  type ObjectKind,
  ObjectSurvivor,
  ParticipantsSurvivor,
  type PlaceArgs,
  RegionSurvivor,
} from './region-scenarios.js'
import { type ReadArgs, WritingSurvivor } from './ring-read-scenarios.js'
import { check, type Place, type Scenario, type Survivors } from './scenario.js'

/** Another one dies first: the victim cleans up after it, and dies in that; the survivors finish. */
async function leave(place: Place, operation: string, args: unknown, point: CrashPoint): Promise<void> {
  const { step } = await place.kill({ operation, args, point })
  check(step === point.step, `the first one has not died at ${point.step}`)
}

const IN_CLAIM: CrashPoint = { step: 'MpscWriter.tryClaim: compareExchange tail', when: 'after' }

/** A hole in a ring, which the victim fills in; records of the survivors lie behind it. */
class HoleSurvivor extends WritingSurvivor {
  readonly #place: Place

  constructor(place: Place) {
    super(place, 'mpscRing')
    this.#place = place
  }

  override async prepare(): Promise<ReadArgs> {
    await leave(this.#place, 'ring.write', { ...this.args, number: 0 }, IN_CLAIM)
    this.write(3)
    return { ...this.args, isQuick: true }
  }

  override async settle(death: Parameters<WritingSurvivor['settle']>[0]): Promise<string> {
    // Whoever reads next fills in what is left of the hole.
    await this.untilReadable()
    return super.settle(death)
  }
}

/** Somebody died inside a mutex; the victim cleans up after that one when it joins. */
class HeldByDead extends MutexSurvivor {
  readonly #place: Place

  constructor(place: Place) {
    super(place)
    this.#place = place
  }

  override async prepare(): Promise<LockArgs & PlaceArgs> {
    await leave(this.#place, 'mutex.lockSync', this.args, { step: 'visit: store bytes', when: 'after' })
    return { ...this.args, name: 'place' }
  }

  override async settle(death: Death): Promise<string> {
    // However the victim ended, the first one has died.
    const outcome = await super.settle({ ...death, step: death.step ?? 'none' })
    check(outcome === 'recovered by the next, died inside', `the next holder is told: ${outcome}`)
    return outcome
  }
}

/** Survivors of an operation that somebody has begun before, and died in at `point`. */
function afterAnother<Args>(
  begin: (place: Place) => Survivors,
  operation: string,
  point: CrashPoint,
  argsOf: (args: Args) => Args = (args) => args,
): Scenario['begin'] {
  return (place) => {
    const survivors = begin(place)
    return {
      async prepare() {
        const args = (await survivors.prepare()) as Args
        await leave(place, operation, argsOf(args), point)
        return args
      },
      ...(survivors.during === undefined
        ? {}
        : { during: (victim) => (survivors.during as NonNullable<Survivors['during']>)(victim) }),
      settle: (death) => survivors.settle(death),
    }
  }
}

const scenario = (name: string, operation: string, begin: Scenario['begin'], only?: RegExp): Scenario => ({
  structure: 'recovery',
  name,
  operation,
  ...(only === undefined ? {} : { only }),
  begin,
})

const object =
  (kind: ObjectKind) =>
  (place: Place): Survivors =>
    new ObjectSurvivor(place, kind)

export const recoveryScenarios: readonly Scenario[] = [
  scenario('of a hole in an mpscRing', 'ring.wait', (place) => new HoleSurvivor(place)),
  scenario('of a mutex whose holder died', 'region.join', (place) => new HeldByDead(place)),
  scenario(
    'of the creation of an object',
    'object.create',
    afterAnother<PlaceArgs>(object('mpscRing'), 'object.create', { step: 'create: set name', when: 'after' }),
  ),
  scenario(
    'of the creation of a region',
    'region.create',
    afterAnother<PlaceArgs>((place) => new RegionSurvivor(place, false), 'region.create', {
      step: 'writeHeader: store ready',
      when: 'before',
    }),
  ),
  scenario(
    'of a participant with a bell',
    'region.join',
    afterAnother<PlaceArgs>((place) => new ParticipantsSurvivor(place), 'region.close', {
      step: 'Participants.leave: store participant.state',
      when: 'before',
    }),
  ),
  scenario(
    'of a listener',
    'listen and accept',
    afterAnother<ConnectArgs>((place) => new NextListener(place), 'stop listening', {
      step: 'stop: close server',
      when: 'before',
    }),
    /^(?!ParkedFlag|SocketDoorbell\.ring)/,
  ),
]
