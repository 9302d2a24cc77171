import { findChromium, INSTALL_TIMEOUT_MS } from '@ipc/browser'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../fixtures/cli-run.js'
import { LabVisit, startLab } from '../fixtures/web/lab-visit.js'

/** Nothing here takes this long: then it hangs. */
const WATCHDOG_MS = 60_000

let run: Run
let endLab: (() => void) | undefined
let lab: LabVisit

beforeAll(async () => {
  await findChromium()
  const started = await startLab((cleanUp) => {
    endLab = cleanUp
  })
  run = started.run
  lab = await LabVisit.to(started.address)
}, INSTALL_TIMEOUT_MS)

afterEach(() => {
  lab.check()
  expect(run.stderr).not.toContain('demo: ')
})

afterAll(async () => {
  await lab?.close()
  endLab?.()
})

describe('shared memory', { timeout: WATCHDOG_MS }, () => {
  test('the records that P1 writes are read by P2, and head follows tail', async () => {
    await lab.open('Shared memory')
    await lab.until('read', (read) => read >= 3)
    await lab.pause('P1')
    const written = await lab.figure('written')
    await lab.until('read', (read) => read >= written)
    await lab.until('waiting', (waiting) => waiting === 0)
    expect(await lab.figure('head')).toBe(await lab.figure('tail'))
    expect(await lab.figure('wrong')).toBe(0)
  })

  test('a record is in the ring when it is committed, and not before', async () => {
    await lab.pause('P2')
    const tail = await lab.figure('tail')
    await lab.click('Claim, one step of P1')
    await lab.click('Fill in, one step of P1')
    await lab.guard(lab.page.locator('.claim.filled').waitFor())
    expect(await lab.figure('tail')).toBe(tail)
    await lab.click('Commit, one step of P1')
    expect(await lab.until('tail', (now) => now !== tail)).toBe(tail + 128)
    expect(await lab.figure('waiting')).toBe(1)
    await lab.click('Read one, one step of P2')
    await lab.until('head', (head) => head === tail + 128)
  })

  test('a paused reader lets the ring fill up, and no record is lost', async () => {
    await lab.slide('rate-P1', 'as fast as it goes')
    await lab.click('Run P1')
    const full = await lab.until('full', (times) => times > 0)
    expect(full).toBeGreaterThan(0)
    const used = (await lab.figure('tail')) - (await lab.figure('head'))
    expect(used).toBe(4096)
    await lab.slide('rate-P2', 'as fast as it goes')
    await lab.click('Run P2')
    const read = await lab.figure('read')
    await lab.until('read', (now) => now > read + 10_000)
    expect(await lab.figure('wrong')).toBe(0)
  })

  test('the death of P2 is noticed by P1, and another P2 goes on where it was', async () => {
    await lab.slide('rate-P1', '200 a second')
    await lab.click('Kill P2 with SIGKILL')
    await lab.says('.loss', /P1 noticed the death of P2 after [\d.]+ ms.*region\.onPeerLost/)
    expect(await lab.figure('noticed')).toBeGreaterThan(0)
    await lab.until('waiting', (waiting) => waiting > 10)
    await lab.click('Start P2')
    await lab.until('waiting', (waiting) => waiting < 10)
    expect(await lab.figure('wrong')).toBe(0)
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

describe('message passing', { timeout: WATCHDOG_MS }, () => {
  test('a receiver that takes nothing stops the sender, and gets everything later', async () => {
    await lab.open('Message passing')
    await lab.pause('P2')
    await lab.slide('rate-P1', 'as fast as it goes')
    await lab.until('congestions', (times) => times > 0)
    await lab.pause('P1')
    await lab.slide('rate-P2', 'as fast as it goes')
    await lab.click('Run P2')
    const sent = await lab.figure('sent')
    await lab.until('taken', (taken) => taken === sent)
    expect(await lab.figure('missing')).toBe(0)
  })

  test('the death of P2 is noticed by P1 with IPC_PEER_LOST', async () => {
    await lab.click('Kill P2 with SIGKILL')
    await lab.says('.loss', /P1 noticed the death of P2 after [\d.]+ ms.*IPC_PEER_LOST/)
    await lab.says('.diagram', 'no link')
    await lab.click('Start P2')
    await lab.click('Send one, one step of P1')
    await lab.until('taken', (taken) => taken === 1)
  })

  test('the same program over shared memory', async () => {
    await lab.guard(lab.page.getByRole('radio', { name: 'shared memory' }).check())
    await lab.says('.diagram', 'in the ring')
    await lab.click('Run P1')
    await lab.until('taken', (taken) => taken > 1000)
    expect(await lab.figure('missing')).toBe(0)
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

describe('queue', { timeout: WATCHDOG_MS }, () => {
  test('messages stay when their sender is killed, until a receiver gets them all', async () => {
    await lab.open('Message queue')
    await lab.click('Send 10')
    await lab.until('sent', (sent) => sent === 10)
    await lab.click('Kill sender with SIGKILL')
    await lab.says('.pid', /ended: SIGKILL/)
    expect(await lab.until('ready', (ready) => ready === 10)).toBe(10)
    await lab.slide('rate-receiver', 'as fast as it goes')
    await lab.click('Start receiver')
    await lab.until('handled', (handled) => handled === 10)
    await lab.until('ready', (ready) => ready === 0)
  })

  test('what a killed receiver had goes back, and to the next one', async () => {
    await lab.slide('rate-receiver', '0.5 a second')
    await lab.click('Start sender')
    await lab.click('Send 1')
    await lab.until('leased', (leased) => leased === 1)
    await lab.click('Kill receiver with SIGKILL')
    await lab.says('.loss', /the queue noticed the death of receiver after [\d.]+ ms/)
    await lab.until('ready', (ready) => ready === 1)
    await lab.slide('rate-receiver', 'as fast as it goes')
    await lab.click('Start receiver')
    await lab.until('handled', (handled) => handled === 11)
  })

  test('a message that always fails is a dead letter after three attempts', async () => {
    await lab.click('Send a bad one')
    await lab.until('dead', (dead) => dead === 1)
    expect(await lab.figure('failed')).toBe(3)
    await lab.says('.dead-list', 'max attempts')
    await lab.click('Stop receiver')
    await lab.click('Put dead letters back')
    await lab.until('ready', (ready) => ready === 1)
    expect(await lab.figure('dead')).toBe(0)
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

describe.each([
  ['between processes', 'Races'],
  ['between Web Workers', 'In the browser'],
])('races %s', { timeout: WATCHDOG_MS }, (_where, title) => {
  test('updates are lost without a lock, and none with one', async () => {
    await lab.open(title)
    await lab.click('Race without a lock')
    await lab.says('[data-part=race] .result', /Over: [1-9][\d,]* of 40,000,000 updates lost without a lock/)
    expect(await lab.figure('lost')).toBeGreaterThan(0)
    await lab.click('Race with a Mutex')
    await lab.says('[data-part=race] .result', /Over: 0 of 20,000 updates lost with a Mutex/)
    await lab.click('Race with Atomics')
    await lab.says('[data-part=race] .result', /Over: 0 of 20,000,000 updates lost with Atomics/)
  })

  test('plain memory is read torn, a SharedValue is not', async () => {
    await lab.click('Read plain memory')
    await lab.says('[data-part=look] .result', /Over: [1-9][\d,]* of 200,000 values were torn/)
    expect(await lab.page.locator('.word.other').count()).toBeGreaterThan(0)
    await lab.click('Read a SharedValue')
    await lab.says('[data-part=look] .result', /Over: 0 of 200,000 values were torn/)
    expect(await lab.figure('writes')).toBeGreaterThan(0)
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

describe('transports', { timeout: WATCHDOG_MS }, () => {
  test('a sweep draws a point for every size, and all are intact', async () => {
    await lab.open('Transports')
    for (const name of await lab.page.getByRole('checkbox').all()) {
      const id = await name.getAttribute('name')
      if (id !== 'shm') await lab.guard(name.uncheck())
    }
    await lab.click('Measure')
    await lab.says('.result', '8 points measured.')
    expect(await lab.page.locator('[data-intact=true]').count()).toBe(8)
    for (const cell of await lab.page.locator('[data-point]').all()) {
      expect(Number(await cell.getAttribute('data-value'))).toBeGreaterThan(0)
    }
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

describe('in the browser', { timeout: WATCHDOG_MS }, () => {
  test('two workers move records through a ring that the page draws', async () => {
    await lab.open('In the browser')
    await lab.until('read', (read) => read >= 2)
    await lab.pause('P1')
    const written = await lab.figure('written')
    await lab.until('read', (read) => read >= written)
    expect(await lab.figure('wrong')).toBe(0)
  })

  test('streams over shared memory and over ports arrive whole', async () => {
    await lab.click('Measure both')
    await lab.says('[data-part=streams] .result', 'Measured.')
    expect(await lab.page.locator('[data-part=streams] td[data-arrived]').allTextContents()).toEqual(
      Array(4).fill('all'),
    )
  })

  test('has nothing that axe finds, in light, in dark and 380 px wide', async () => {
    expect(await lab.faults()).toEqual([])
  })
})

test('the keyboard reaches the panels, and what is opened has the focus', {
  timeout: WATCHDOG_MS,
}, async () => {
  await lab.guard(lab.page.reload())
  const focused = (): Promise<string> => lab.page.evaluate('document.activeElement.textContent')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Skip to the panel')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Shared memory')
  await lab.page.keyboard.press('Tab')
  expect(await focused()).toBe('Message passing')
  await lab.page.keyboard.press('Enter')
  await lab.guard(lab.page.locator('h2:focus').filter({ hasText: 'Message passing' }).waitFor())
  await lab.page.keyboard.press('Shift+Tab')
  expect(await focused()).toBe('In the browser')
})
