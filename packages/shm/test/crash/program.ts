import { createInterface } from 'node:readline'
import { serveVictims, Victims } from '@ipc/faults/crash'
import { operations } from './operations.js'
import { looks } from './quick-looks.js'
import { titleOf } from './scenario-result.js'
import { scenarios } from './scenarios.js'
import { runScenario } from './series.js'
import { shmSeams } from './shm-seams.js'
import { warmUp } from './warm-up.js'

/** Both sides of the matrix in one file: `survivors` starts itself once more, for the victims. */
async function survivors(): Promise<void> {
  const victims = await Victims.start(process.argv[1] as string)
  const say = (message: unknown): void => void process.stdout.write(`${JSON.stringify(message)}\n`)
  say({ titles: scenarios.map(titleOf) })
  for await (const line of createInterface({ input: process.stdin })) {
    const { index, kills } = JSON.parse(line) as { index: number; kills: number }
    const scenario = scenarios[index]
    if (scenario === undefined) throw new RangeError(`there is no scenario ${index}`)
    say({
      result: await runScenario(scenario, { victims, looks, kills, progress: (at) => say({ progress: at }) }),
    })
  }
  await victims.end()
  process.exit()
}

if (process.argv[2] === 'survivors') await survivors()
else {
  warmUp()
  serveVictims({ seams: shmSeams(), operations })
}
