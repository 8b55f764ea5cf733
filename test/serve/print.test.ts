import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import type { RolloutStatus } from 'cutover/rollout'
import type { ServeStatus } from 'cutover/serve'
import { describe, expect, it } from 'vitest'
import type { Released } from '../../src/serve/events.js'
import { RolloutPrinter } from '../../src/serve/print/rolloutPrinter.js'
import { statusText } from '../../src/serve/print/statusText.js'
import { Terminal } from '../../src/serve/print/terminal.js'
import { size, time } from '../../src/serve/print/text.js'

const NEW = '1.4.0-20261128153000.3f9ab1'
const OLD = '1.4.0-20261127090112.c41d07'
/** A sequence that colours text, or sets it apart. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by control characters
const COLOUR = /\x1b\[\d+m/

/** A place to print to, and what was printed. */
function place(columns: number | undefined, env: NodeJS.ProcessEnv = {}) {
  let text = ''
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += chunk
      done()
    },
  })
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns })
  const terminal = new Terminal(stream as unknown as NodeJS.WriteStream, env)
  const printed = () => {
    const read = text
    text = ''
    return read
  }
  return { terminal, printed }
}

/** The text that a terminal shows, without the lines that were cleared. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by control characters
const shown = (text: string) => text.replace(/[^\n\r]*\r\x1b\[K/g, '').replace(/\x1b\[\d+m/g, '')

const idle: RolloutStatus = {
  id: 'shop',
  state: 'idle',
  phase: null,
  candidate: NEW,
  from: OLD,
  step: null,
  progress: null,
  pending: null,
  permanent: OLD,
  previous: null,
}
const released: Released = {
  type: 'released',
  version: NEW,
  path: '/srv/shop/app.mjs',
  files: 214,
  bytes: 1_840_000,
  leftOut: ['node_modules/out'],
  verify: '/health',
  steps: [{ percent: 10, for: 30_000 }],
  soak: 60_000,
  instances: 2,
}
const stepping = (calls: number, duration: number): RolloutStatus => ({
  ...idle,
  state: 'stepping',
  phase: 'running',
  step: 0,
  progress: {
    phase: 'step',
    step: 0,
    percent: 10,
    duration,
    verdict: 'healthy',
    candidate: { calls, failures: 1 },
    active: { calls: calls * 9, failures: 2 },
    evidence: {},
    limit: 1,
  },
})

function print({ terminal }: ReturnType<typeof place>, now: () => number = () => 0): void {
  const printer = new RolloutPrinter(terminal, now)
  printer.tell(released)
  for (const state of ['preparing', 'verifying'] as const) printer.tell({ type: 'rollout', status: { ...idle, state } })
  for (const n of [1, 2, 3]) printer.tell({ type: 'rollout', status: stepping(n * 400, n * 10_000) })
  for (const state of ['promoting', 'finishing'] as const) printer.tell({ type: 'rollout', status: { ...idle, state } })
  printer.end({ type: 'done', ok: true, text: `${NEW} stays.` })
}

const WHOLE = `1.4.0-20261128153000.3f9ab1
  copied     /srv/shop/app.mjs: 214 files, 1.8 MB
  left out   node_modules/out, a link that leads out of the folder
  preparing  2 processes starting
  verifying  /health
  step       1 of 1: 10 % of the requests, 30s
             30s: 1,200 requests, 1 failed; the other 10,800, 2 failed · healthy
  promoting  it takes all requests
  finishing  1.4.0-20261127090112.c41d07 leaves
  done       1.4.0-20261128153000.3f9ab1 stays.
`

const NARROW = `1.4.0-20261128153000.3f9ab1
  copied
    /srv/shop/app.mjs: 214
    files, 1.8 MB
  left out
    node_modules/out, a link
    that leads out of the
    folder
  preparing
    2 processes starting
  verifying
    /health
  step
    1 of 1: 10 % of the
    requests, 30s
    30s: 1,200 requests, 1
    failed; the other 10,800,
    2 failed · healthy
  promoting
    it takes all requests
  finishing
    1.4.0-20261127090112.c41d07
    leaves
  done
    1.4.0-20261128153000.3f9ab1
    stays.
`

describe('A rollout is printed', () => {
  it('in a terminal of 80 columns, with a line that changes, and colours', () => {
    const at = place(80)
    print(at)
    const printed = at.printed()
    expect(shown(printed)).toBe(WHOLE)
    expect(printed).toMatch(COLOUR)
    expect(printed).toContain('10s: 400 requests')
    expect(WHOLE.split('\n').filter(line => line.length > 80)).toEqual([])
  })

  it('in a narrow terminal below the labels, where the line that changes is cut', () => {
    const at = place(30)
    print(at)
    const printed = at.printed()
    // The line is written when the one before it is cleared.
    expect(printed).toContain('\r\x1b[K    20s: 800 requests, 1 fail\r\x1b[K')
    expect(shown(printed)).toBe(NARROW)
    // The name of a version is longer by itself.
    expect(NARROW.split('\n').filter(line => line.length > 30 && /\S \S/.test(line))).toEqual([])
  })

  it('without colours with NO_COLOR, and where there is no terminal', () => {
    for (const at of [place(80, { NO_COLOR: '1' }), place(80, { TERM: 'dumb' }), place(undefined)]) {
      print(at)
      const printed = at.printed()
      expect(printed).not.toMatch(COLOUR)
      expect(shown(printed)).toBe(WHOLE)
    }
  })

  it('as the page in docs/ shows it', () => {
    expect(readFileSync('docs/serve-output.md', 'utf8')).toContain(`\n\`\`\`text\n${WHOLE}\`\`\`\n`)
  })

  it('in a file with the figures of a step every ten seconds', () => {
    const at = place(undefined)
    let now = 0
    print(at, () => (now += 6_000))
    const lines = at.printed().split('\n')
    expect(lines.filter(line => line.includes('requests, 1 failed'))).toHaveLength(2)
  })

  it('with the reason if the version has left', () => {
    const at = place(undefined)
    new RolloutPrinter(at.terminal).end({
      type: 'done',
      ok: false,
      code: 'CUTOVER_REJECTED',
      text: 'It did not start.',
    })
    expect(at.printed()).toBe('  failed     It did not start.\n')
  })

  it('with a long reason in lines of 80 columns in a terminal, and in one line elsewhere', () => {
    const text = `The rollout of version ${NEW} was rejected: It did not start: Error: no database at db.internal. Give it back.`
    const [terminal, file] = [place(80, { NO_COLOR: '1' }), place(undefined)]
    for (const at of [terminal, file])
      new RolloutPrinter(at.terminal).end({ type: 'done', ok: false, code: 'CUTOVER_REJECTED', text })
    expect(file.printed()).toBe(`  failed     ${text}\n`)
    expect(terminal.printed()).toBe(`  failed     The rollout of version 1.4.0-20261128153000.3f9ab1 was rejected: It
             did not start: Error: no database at db.internal. Give it back.
`)
  })
})

it('A status fits into 80 columns', () => {
  const status: ServeStatus = {
    pid: 4711,
    url: 'http://localhost:3000',
    inspector: null,
    since: '2026-11-28T12:00:00.000Z',
    path: '/srv/shop/app.mjs',
    active: OLD,
    versions: [
      {
        version: OLD,
        role: 'active',
        state: 'running',
        phase: null,
        share: 90,
        inFlight: 3,
        requests: 12_345,
        failed: 2,
        restarts: 1,
        processes: { state: 'full', up: 2, size: 2 },
        lastError: null,
      },
    ],
    rollout: stepping(400, 10_000),
    releases: [OLD, NEW],
  }
  const lines = statusText(status, place(undefined).terminal, Date.parse('2026-11-28T13:05:00.000Z'))
  expect(lines.join('\n')).toBe(`listens    http://localhost:3000
process    4711, up 1h 5m
deploys    /srv/shop/app.mjs

1.4.0-20261127090112.c41d07
  active, running, 2 of 2 processes up
  90 % of the requests: 12,345, 2 failed, 3 in flight
  down and up again: 1 time

rollout    stepping 1.4.0-20261128153000.3f9ab1
           10s: 400 requests, 1 failed, healthy
permanent  1.4.0-20261127090112.c41d07
before     none
releases   2`)

  const [version] = status.versions
  const lastError = 'Version 1.4.0-20261127090112.c41d07 failed to start: no database at db.internal. Give it back.'
  const failing = { ...status, versions: [{ ...version, lastError }] } as ServeStatus
  const printed = statusText(failing, place(80, { NO_COLOR: '1' }).terminal)
  expect(printed.filter(line => line.length > 80)).toEqual([])
  expect(printed.join('\n')).toContain('\n  Version 1.4.0-20261127090112.c41d07 failed to start: no database at')
})

it('Times and sizes are short', () => {
  expect([0, 250, 1_500, 30_000, 60_000, 90_000, 3_900_000, 90_000_000].map(time)).toEqual([
    '0ms',
    '250ms',
    '1.5s',
    '30s',
    '1m',
    '1m 30s',
    '1h 5m',
    '1d 1h',
  ])
  expect([1, 900, 340_000, 1_840_000].map(size)).toEqual(['1 byte', '900 bytes', '340 kB', '1.8 MB'])
})
