import { Writable } from 'node:stream'
import type { FleetNodeStatus, FleetRevision, FleetStatus, Wanted } from 'cutover/fleet'
import { describe, expect, it } from 'vitest'
import { arrivalOf, courseOf } from '../../../src/serve/fleet/deployment.js'
import { DeployPrinter } from '../../../src/serve/fleet/deployPrinter.js'
import { fleetLines, historyLines } from '../../../src/serve/fleet/fleetText.js'
import { Terminal } from '../../../src/serve/print/terminal.js'

/** A terminal of this size, or a file. */
function place(columns?: number, rows = 24) {
  let text = ''
  const stream = new Writable({
    write: (chunk, _, done) => {
      text += chunk
      done()
    },
  })
  if (columns !== undefined) Object.assign(stream, { isTTY: true, columns, rows })
  const terminal = new Terminal(stream as unknown as NodeJS.WriteStream, columns === undefined ? {} : { NO_COLOR: '1' })
  return { terminal, printed: () => text }
}

/** The text on a terminal when lines were cleared and written again. */
function shown(text: string): string {
  let screen = ''
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal is steered by control characters
  for (const part of text.split(/(\r\x1b\[\d+A\x1b\[J)/)) {
    const up = /\[(\d+)A/.exec(part)?.[1]
    if (up === undefined) screen += part
    else
      screen = screen
        .split('\n')
        .slice(0, -1 - Number(up))
        .map(line => `${line}\n`)
        .join('')
  }
  return screen
}

const wanted: Wanted = {
  format: 1,
  version: '2.0.0',
  previous: '1.0.0',
  epoch: 4,
  wave: 1,
  waves: [
    { percent: 20, soak: null },
    { percent: 60, soak: 300_000 },
    { percent: 100, soak: null },
  ],
  members: { last: 'web-2', asOf: 9 },
  maxFailed: 0,
  paused: false,
  reason: null,
}
const halted: Wanted = {
  ...wanted,
  version: '1.0.0',
  previous: '2.0.0',
  epoch: 5,
  members: null,
  reason: 'Version 2.0.0 failed in wave 2 of 3: web-2: It is bad.',
}

const node = (name: string, wave: number | null, given: Partial<FleetNodeStatus> = {}): FleetNodeStatus => ({
  name,
  wave,
  version: '1.0.0',
  state: 'settled',
  target: null,
  rollout: 'idle',
  reason: null,
  alive: true,
  ...given,
})
const proven = { version: '2.0.0', state: 'proven', target: '2.0.0' } as const

const rolling: FleetStatus = {
  fleet: 'pricing',
  state: 'rolling',
  wanted,
  refused: null,
  waitsFor: 'web-2 moves.',
  nodes: [
    node('web-1', 0, proven),
    node('web-2', 1, { state: 'moving', target: '2.0.0', rollout: 'soaking' }),
    node('web-3', 1, { state: 'moving', target: '2.0.0', alive: false }),
    node('web-4', 2, { alive: null }),
    node('web-5', null, { state: 'unreadable', version: null, reason: 'its format is 2' }),
  ],
}
const permanent: FleetStatus = {
  ...rolling,
  state: 'permanent',
  wanted: { ...wanted, wave: 3 },
  waitsFor: null,
  nodes: [node('web-1', 0, proven), node('web-2', 1, proven), node('web-3', 1, { alive: false })],
}
const back: FleetStatus = {
  ...rolling,
  state: 'halted',
  wanted: halted,
  waitsFor: null,
  nodes: [node('web-1', 0), node('web-2', 1, { state: 'failed', target: '2.0.0', reason: 'It is bad.' })],
}

describe('The status of a fleet is printed', () => {
  it('as a table of its nodes, by wave', () => {
    expect(fleetLines(rolling, place().terminal).join('\n')).toBe(`fleet      pricing
state      moves to 2.0.0 from 1.0.0, wave 2 (60 %) of 3
waits for  web-2 moves.
nodes      5, 1 silent

wave  node   version  state
1     web-1  2.0.0    has proved 2.0.0
2     web-2  1.0.0    moves to 2.0.0: soaking
2     web-3  1.0.0    silent since it began to move to 2.0.0
3     web-4  1.0.0    settled, not heard yet
–     web-5  none     cannot be read: its format is 2`)
  })

  it('with the reason of a halt', () => {
    const lines = fleetLines(back, place().terminal)
    expect(lines).toContain('state      halted: back to 1.0.0 from 2.0.0')
    expect(lines).toContain(`reason     ${halted.reason}`)
  })

  it('in lines that fit into a narrow terminal', () => {
    const lines = fleetLines({ ...back, refused: 'x'.repeat(200) }, place(30).terminal)
    expect(lines.filter(line => line.length > 29)).toEqual([])
  })

  it('in a low terminal with the nodes that need attention, and how many more there are', () => {
    const nodes = Array.from({ length: 1_000 }, (_, n) => node(`n${n}`, 2, n === 700 ? { alive: false } : {}))
    const lines = fleetLines({ ...rolling, nodes }, place(80, 20).terminal)
    expect(lines.slice(-2)).toEqual(['3     n700  1.0.0    silent', 'and 999 nodes more'])
    expect(fleetLines({ ...rolling, nodes }, place().terminal)).toHaveLength(1_006)
  })

  it('before the first deployment', () => {
    const empty: FleetStatus = { ...rolling, state: 'empty', wanted: null, waitsFor: null, nodes: [] }
    expect(fleetLines(empty, place().terminal)).toEqual([
      'fleet      pricing',
      'state      nothing was deployed yet',
      'nodes      0',
    ])
  })
})

describe('A deployment is printed', () => {
  const print = ({ terminal }: ReturnType<typeof place>, statuses: readonly FleetStatus[], now = () => 0) => {
    const printer = new DeployPrinter(terminal, now)
    printer.begin(wanted)
    for (const status of statuses) printer.tell(status, courseOf(status, wanted))
    const last = statuses.at(-1) ?? rolling
    printer.end(last, arrivalOf(last), courseOf(last, wanted) === 'permanent')
    printer.leave()
  }

  it('in a file, with a line for each wave and the nodes that are missing at the end', () => {
    const at = place()
    print(at, [rolling, { ...rolling, nodes: rolling.nodes.slice(0, 2) }, permanent])
    expect(at.printed()).toBe(`2.0.0
  over       1.0.0
  waves      20 %, 60 % with a soak of 5m, 100 %
  wave       2 of 3, 60 %: web-2, web-3
  passed     all 3 waves: 2.0.0 is permanent
  done       2 nodes on 2.0.0
  silent     web-3; a node that is back goes to 2.0.0 by itself
`)
  })

  it('in a file, with what it waits for every ten seconds', () => {
    let now = 0
    const at = place()
    print(at, [rolling, rolling, rolling], () => (now += 6_000))
    expect(
      at
        .printed()
        .split('\n')
        .filter(line => line.includes('waits for')),
    ).toEqual(['  waits for  web-2 moves.'])
  })

  it('with the reason when it is halted', () => {
    const at = place()
    print(at, [rolling, back])
    expect(at.printed()).toContain(`  halted     ${halted.reason}\n  back       2 nodes on 1.0.0\n`)
  })

  it('in a terminal with a table in place, which is gone at the end', () => {
    const at = place(80)
    print(at, [rolling, { ...rolling, waitsFor: 'web-3 moves.' }, permanent])
    const printed = at.printed()
    expect(printed).toContain('1     web-1  2.0.0    has proved 2.0.0')
    const left = shown(printed)
    expect(left).toBe(`2.0.0
  over       1.0.0
  waves      20 %, 60 % with a soak of 5m, 100 %
  wave       2 of 3, 60 %: web-2, web-3
  passed     all 3 waves: 2.0.0 is permanent
  done       2 nodes on 2.0.0
  silent     web-3; a node that is back goes to 2.0.0 by itself
`)
  })
})

describe('The course of a deployment', () => {
  it.each([
    ['before', { ...rolling, wanted: { ...wanted, epoch: 3 } }],
    ['before', { ...rolling, wanted: null }],
    ['rolling', rolling],
    ['permanent', permanent],
    ['halted', back],
    ['replaced', { ...rolling, wanted: { ...wanted, epoch: 5, version: '3.0.0' } }],
    ['replaced', { ...back, wanted: { ...halted, epoch: 6 } }],
  ] as const)('is %s', (course, status) => {
    expect(courseOf(status, wanted)).toBe(course)
  })

  it('waits for nodes that move, and not for those that are silent or have failed', () => {
    const names = (nodes: readonly FleetNodeStatus[]) => nodes.map(({ name }) => name)
    const nodes = [
      node('there', 0, proven),
      node('late', 1),
      node('unsure', 1, { alive: null }),
      node('moves', 1, { ...proven, state: 'moving' }),
      node('silent', 1, { alive: false }),
      node('failed', 1, { state: 'failed' }),
    ]
    const { there, moving, silent, failed } = arrivalOf({ ...permanent, nodes })
    expect([there, moving, silent, failed].map(names)).toEqual([
      ['there'],
      ['late', 'unsure', 'moves'],
      ['silent'],
      ['failed'],
    ])
  })
})

it('The history says what each record did', () => {
  const records = [
    { ...wanted, wave: 0 },
    { ...wanted, wave: 0, paused: true },
    { ...wanted, wave: 0 },
    wanted,
    halted,
    { ...halted, paused: true, reason: `${halted.reason} The way back to 1.0.0 failed: web-1.` },
    null,
    { ...wanted, epoch: 6, previous: null, wave: 0, waves: [{ percent: 100, soak: null }] },
    { ...wanted, epoch: 6, wave: 1, waves: [{ percent: 100, soak: null }] },
  ]
  const revisions: FleetRevision[] = records.map((record, revision) => ({
    revision,
    at: '2026-11-29T12:00:00.000Z',
    wanted: record,
    refused: record === null ? 'it is cut off' : null,
  }))
  expect(historyLines(revisions).map(line => line.replace('2026-11-29T12:00:00.000Z  ', ''))).toEqual([
    'deployed 2.0.0 over 1.0.0: 20 %, 60 % with a soak of 5m, 100 %',
    '2.0.0 paused',
    '2.0.0 resumed',
    '2.0.0 opened wave 2 (60 %)',
    `halted, back to 1.0.0: ${halted.reason}`,
    `the way back has failed: ${halted.reason} The way back to 1.0.0 failed: web-1.`,
    'a record that cannot be read: it is cut off',
    'deployed 2.0.0 over nothing: 100 %',
    '2.0.0 is permanent',
  ])
})
