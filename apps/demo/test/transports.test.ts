import { describe, expect, test } from 'vitest'
import type { ReportDocument } from '../src/report/json.js'
import { TRANSPORTS } from '../src/transports/index.js'
import { demo, WATCHDOG_MS } from './fixtures/cli-run.js'
import { flightsFile } from './fixtures/input.js'

/** Where the transports for this machine are complete. */
const LINUX = process.platform === 'linux'

describe('demo', { timeout: WATCHDOG_MS }, () => {
  test.each(TRANSPORTS)(
    'moves every record and block intact over $id',
    async ({ id, label, p2, connects }) => {
      const run = demo('--transports', id, '--input', flightsFile(), '--seconds', '0.05', '--json')
      const code = await run.exitCode()
      expect(run.stderr).not.toMatch(/^demo: /m)
      expect(code).toBe(0)
      expect(run.leftovers()).toEqual([])
      const report: ReportDocument = JSON.parse(run.stdout)
      expect(report.transports).toHaveLength(1)
      const result = report.transports[0]!
      if ('failure' in result) {
        expect(result.failure.code).toBe('IPC_NOT_SUPPORTED')
        expect(LINUX).toBe(false)
        return
      }
      expect(result).toMatchObject({
        id,
        label,
        p2,
        intact: true,
        ratio: id === 'node-process-send' ? 1 : null,
      })
      for (const phase of [result.records, result.blocks]) {
        expect(phase.received).toBe(phase.messages)
        expect(phase.receivedDigest).toBe(phase.sentDigest)
        expect(phase.p1.cpuSeconds).toBeGreaterThan(0)
        expect(phase.p2 === undefined).toBe(p2 === 'thread')
      }
      expect(result.records.messages).toBe(2000 * result.records.rounds)
      expect(result.blocks.bytes).toBe(2000 * 16 * result.blocks.rounds)
      expect(result.roundTrip.p50Micros).toBeGreaterThan(0)
      expect(result.roundTrip.p99Micros).toBeGreaterThanOrEqual(result.roundTrip.p50Micros)
      expect(result.setUpMs === null).toBe(!connects)
      const groups = report.aggregate?.groups ?? []
      expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(2000)
    },
  )
})
