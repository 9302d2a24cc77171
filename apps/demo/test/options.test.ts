import { describe, expect, test } from 'vitest'
import { parseOptions } from '../src/options.js'
import { STATEMENT_IDS } from '../src/statements/index.js'
import { TRANSPORTS } from '../src/transports/index.js'

describe('parseOptions', () => {
  test('runs every transport on the flights for 2 seconds when nothing is asked for', () => {
    expect(parseOptions([])).toMatchObject({ transports: TRANSPORTS, seconds: 2, json: false })
    expect(parseOptions([])).toHaveProperty('input', expect.stringMatching(/flights-200k\.json$/))
  })

  test('takes what is asked for, transports in the order of the table', () => {
    const options = parseOptions([
      '--input=x.csv',
      '--transports',
      'net-tcp, shm',
      '--seconds',
      '.5',
      '--json',
    ])
    expect(options).toMatchObject({ input: 'x.csv', seconds: 0.5, json: true })
    const { transports } = options as Exclude<typeof options, string>
    expect(transports.map(({ id }) => id)).toEqual(['shm', 'net-tcp'])
  })

  test('measures every statement and writes a report when nothing is asked for', () => {
    expect(parseOptions([])).toMatchObject({ statements: STATEMENT_IDS, effort: 1, report: 'report.html' })
    expect(parseOptions(['--quick'])).toMatchObject({ effort: 0.1 })
  })

  test('measures no statement when transports are asked for, and no other than those asked for', () => {
    expect(parseOptions(['--transports', 'shm'])).toMatchObject({ statements: [], report: undefined })
    expect(parseOptions(['--statements', 'none'])).toMatchObject({ statements: [], report: undefined })
    expect(parseOptions(['--transports', 'shm', '--statements', '6, 1'])).toMatchObject({
      statements: ['simultaneous-access', 'races'],
      report: 'report.html',
    })
    expect(parseOptions(['--transports', 'shm', '--report', 'x.html'])).toMatchObject({ report: 'x.html' })
  })

  test('lists the transports', () => {
    const lines = String(parseOptions(['--list']))
      .trimEnd()
      .split('\n')
    expect(lines.map((line) => line.split(' ')[0])).toEqual(TRANSPORTS.map(({ id }) => id))
  })

  test('serves the lab with --web, at a port that is always the same unless --port says otherwise', () => {
    expect(parseOptions([])).toHaveProperty('web', undefined)
    expect(parseOptions(['--web'])).toHaveProperty('web', { port: 4173, open: false })
    expect(parseOptions(['--web', '--port', '0', '--open'])).toHaveProperty('web', { port: 0, open: true })
  })

  test.each([
    [['--transports', 'shm,pigeon'], 'no transport "pigeon", known are shm, shm-threads,'],
    [['--transports', ''], 'no transport ""'],
    [['--transports', 'shm,'], 'no transport ""'],
    [['--transports'], 'argument missing'],
    [['--seconds', 'soon'], '--seconds must be a number from 0.01 to 600, got "soon"'],
    [['--seconds', '0'], 'got "0"'],
    [['--seconds', '601'], 'got "601"'],
    [['--seconds', '1e2'], 'got "1e2"'],
    [['--seconds', '-1'], 'got "-1"'],
    [['--port', '80'], '--port is of the lab: add --web'],
    [['--open'], '--open is of the lab: add --web'],
    [['--web', '--port', '65536'], '--port must be a number from 0 to 65535, got "65536"'],
    [['--web', '--port', 'any'], 'got "any"'],
    [['--statements', '0'], 'numbers from 1 to 13, or none, got "0"'],
    [['--statements', '1,x'], 'got "1,x"'],
    [['--fast'], "unknown option '--fast'"],
    [['shm'], 'too many arguments'],
  ])('refuses %j in one line', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message)
    expect(() => parseOptions(args)).toThrow(/^[^\n]+$/)
  })
})
