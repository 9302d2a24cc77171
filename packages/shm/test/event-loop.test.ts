import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ping } from './fixtures/ping.js'
import { type StreamStage, streamStage } from './fixtures/stream-stage.js'

const SECONDS = 3

let stage: StreamStage
beforeAll(async () => {
  stage = await streamStage()
}, 60_000)
afterAll(() => stage.end())

describe('the event loop of a process into which records stream', () => {
  test.each(['wait and read', 'wait and read 256', 'receive', 'iterate'] as const)(
    'keeps serving a timer and a socket: %s',
    async (how) => {
      const socket = `${stage.directory}/${how.replaceAll(' ', '-')}.sock`
      const served = stage.far.call('serve', how, SECONDS, socket)
      const written = stage.near.call('stream', SECONDS + 1)
      const echoes = await ping(socket, SECONDS - 1)
      const report = await served
      // The producer goes on a little longer.
      let over = false
      const count = written.finally(() => {
        over = true
      })
      while (!over) await stage.far.call('drain')
      console.log(
        `event loop, ${how}: ${JSON.stringify({ ...report, written: await count, echoes })}, delays in ms`,
      )
      expect(report.records).toBeGreaterThan(1000)
      expect(report.timer).toBeGreaterThan((1000 * report.seconds) / 10)
      // Each takes two wakes of processes that share their cores with others; one that is kept from going on serves one.
      expect(echoes).toBeGreaterThan(100)
      await stage.far.call('drain')
    },
    60_000,
  )
})
