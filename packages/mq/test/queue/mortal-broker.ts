import { mqProcess } from '@ipc/mq'
import { launchChild } from '../fixtures/launch.js'
import { settlesEveryCall } from './every-call.js'

const program = new URL('../fixtures/dying-broker.ts', import.meta.url)

/** Kill a broker at every step of the protocol, or one in `stride` of them. Returns how many times calls have found it dead. */
export async function killAtSteps(stride: number): Promise<number> {
  let deaths = 0
  for (let at = 1; await killAt(at); at += stride) deaths++
  return deaths
}

async function killAt(at: number): Promise<boolean> {
  const child = launchChild(program, String(at))
  try {
    return await settlesEveryCall(await mqProcess().connect(child), true)
  } finally {
    child.kill('SIGKILL')
  }
}
