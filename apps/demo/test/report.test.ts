import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findChromium, INSTALL_TIMEOUT_MS, openPage, type Page } from '@ipc/browser'
import type axe from 'axe-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReportDocument } from '../src/report/json.js'
import { demo } from './fixtures/cli-run.js'
import { flightsFile } from './fixtures/input.js'

/** Pairs of processes and of threads, one of each model. */
const TRANSPORTS = ['shm', 'shm-threads', 'mq-worker', 'net-unix']
const NUMBERS = Array.from({ length: 13 }, (_, index) => index + 1)
/** A run takes half a minute where nothing else runs. */
const RUN_WATCHDOG_MS = 240_000

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

let place: string
let report: string
let printed: ReportDocument
let browser: Page

beforeAll(async () => {
  await findChromium()
  place = mkdtempSync(join(tmpdir(), 'demo-report-'))
  report = join(place, 'report.html')
  browser = await openPage({ source: '', resolveDir: import.meta.dirname })
}, INSTALL_TIMEOUT_MS)
afterAll(async () => {
  await browser.close()
  rmSync(place, { recursive: true })
})

/** How a person looks at the report. */
interface Looking {
  readonly colorScheme: 'light' | 'dark'
  readonly width: number
}

/** What the report is to whoever opens it: its rows, and what went wrong. */
interface Seen {
  readonly rows: readonly { readonly id: string; readonly status: string | null; readonly text: string }[]
  readonly charts: readonly string[]
  /** Texts of charts that reach beyond their figure. */
  readonly cut: readonly string[]
  readonly overflowPx: number
  readonly background: string
  readonly violations: readonly string[]
  readonly requests: readonly string[]
  readonly complaints: readonly string[]
}

async function look({ colorScheme, width }: Looking): Promise<Seen> {
  const context = await browser.page
    .context()
    .browser()!
    .newContext({ colorScheme, viewport: { width, height: 900 } })
  try {
    const page = await context.newPage()
    const requests: string[] = []
    const complaints: string[] = []
    page.on('request', (request) => requests.push(request.url()))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(pathToFileURL(report).href)
    const seen = await page.evaluate(readPage)
    await page.evaluate(AXE)
    const { violations } = (await page.evaluate('axe.run()')) as axe.AxeResults
    const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    return { ...seen, violations: told, requests, complaints }
  } finally {
    await context.close()
  }
}

/** Runs in the page, so uses nothing from here. */
function readPage(): Pick<Seen, 'rows' | 'charts' | 'cut' | 'overflowPx' | 'background'> {
  const { documentElement: root, body } = document
  return {
    rows: Array.from(document.querySelectorAll<HTMLElement>('[data-status]'), (row) => ({
      id: row.id,
      status: row.getAttribute('data-status'),
      text: row.textContent ?? '',
    })),
    charts: Array.from(document.querySelectorAll('figure svg'))
      .filter((svg) => svg.getBoundingClientRect().width > 0)
      .map((svg) => svg.closest('figure')?.id ?? ''),
    cut: Array.from(document.querySelectorAll('figure svg text'))
      .filter((text) => {
        const figure = text.closest('figure')!.getBoundingClientRect()
        const { left, right, width } = text.getBoundingClientRect()
        return width > 0 && (left < figure.left || right > figure.right)
      })
      .map((text) => text.textContent ?? ''),
    overflowPx: root.scrollWidth - root.clientWidth,
    background: getComputedStyle(body).backgroundColor,
  }
}

describe('the report of a quick run', () => {
  // The tests after this one look at what it wrote.
  test(
    'holds the document that the program prints',
    async () => {
      const run = demo(
        ...[
          '--transports',
          TRANSPORTS.join(),
          '--statements',
          NUMBERS.join(),
          '--quick',
          '--seconds',
          '0.05',
        ],
        ...['--input', flightsFile(), '--report', report, '--json'],
      )
      const code = await run.exitCode(RUN_WATCHDOG_MS)
      // Whatever figures of so short a run say, behaviour is as stated.
      expect(code, run.stderr).toBe(0)
      expect(run.stderr).not.toMatch(/statement \d+ failed/)
      expect(run.leftovers()).toEqual([])
      printed = JSON.parse(run.stdout)
      const [, embedded] = /<script id="run" type="application\/json">(.*)<\/script>/s.exec(
        readFileSync(report, 'utf8'),
      ) as RegExpExecArray
      expect(JSON.parse(embedded as string)).toEqual(printed)
      expect(printed.statements.map(({ number }) => number)).toEqual(NUMBERS)
      expect(printed.transports.map(({ id }) => id)).toEqual(TRANSPORTS)
    },
    RUN_WATCHDOG_MS,
  )

  test.each<[string, Looking]>([
    ['in the light', { colorScheme: 'light', width: 1280 }],
    ['in the dark', { colorScheme: 'dark', width: 1280 }],
    ['on a phone', { colorScheme: 'light', width: 380 }],
    ['on a phone in the dark', { colorScheme: 'dark', width: 380 }],
  ])('shows every statement and chart %s, without scripts or the network', async (_where, looking) => {
    const seen = await look(looking)
    expect(seen.rows).toHaveLength(13)
    for (const [index, { number, title, shown, because, figure }] of printed.statements.entries()) {
      const row = seen.rows[index]
      expect(row).toMatchObject({ id: `statement-${number}`, status: shown ? 'shown' : because })
      expect(row?.text).toContain(title)
      expect(row?.text).toContain(figure)
      expect(row?.text).toContain(shown ? 'Shown' : 'Not shown')
    }
    const charts = ['throughput-processes', 'throughput-threads', 'first-delivery', 'round-trips', 'set-up']
    const counted = printed.statements[1]?.because === 'missing' ? [] : ['system-calls']
    expect(seen.charts).toEqual([...charts, ...counted])
    expect(seen.cut).toEqual([])
    expect(seen.overflowPx).toBe(0)
    expect(seen.background).toBe(looking.colorScheme === 'dark' ? 'rgb(19, 20, 22)' : 'rgb(246, 246, 243)')
    expect(seen.violations).toEqual([])
    expect(seen.requests).toEqual([pathToFileURL(report).href])
    expect(seen.complaints).toEqual([])
  })
})

describe('the report of a run that went otherwise', () => {
  test('says why, and takes no text for markup', async () => {
    const { renderPage } = await import('../src/report/page.js')
    const nasty = '</script><img src=x onerror=alert(1)>'
    const base = { title: nasty, how: nasty, figure: nasty, shown: false, measurements: [] }
    writeFileSync(
      report,
      renderPage({
        machine: { node: 'v20', platform: nasty, cpu: nasty, cores: 2, load: 0 },
        startedAt: '2026-11-26T05:00:00.000Z',
        seconds: 1,
        input: undefined,
        transports: [{ id: 'shm', label: nasty, failure: { code: 'IPC_PEER_LOST', message: nasty } }],
        aggregate: null,
        statements: [
          { ...base, number: 1, because: 'missing' },
          { ...base, number: 2, because: 'failed' },
          { ...base, number: 3, because: 'contradicted' },
        ],
      }),
    )
    const seen = await look({ colorScheme: 'light', width: 1280 })
    expect(seen.rows.map(({ status }) => status)).toEqual(['missing', 'failed', 'contradicted'])
    for (const { text } of seen.rows) expect(text).toContain(nasty)
    expect(seen.charts).toEqual([])
    expect(seen.violations).toEqual([])
    expect(seen.requests).toHaveLength(1)
    expect(seen.complaints).toEqual([])
  })
})
