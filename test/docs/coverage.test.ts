import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import {
  aggregateMachine,
  connectionMachine,
  poolMachine,
  rolloutMachine,
  supervisorMachine,
  versionMachine,
} from 'cutover/machines'
import { describe, expect, it, vi } from 'vitest'
import { setup } from 'xstate'
import { directory } from '../fixtures/system.js'
import { REPORT_VARIABLE, reportFrom, saveCoverage } from '../model/report.js'
import { nameOf, writtenTransitions } from '../model/transitions.js'
import { coveragePage, coverageSection, type MachineCoverage } from './coverage.js'

const door = setup({
  types: { events: {} as { type: 'open' | 'push' | 'close' | 'lock' | 'break' } },
  guards: { isFree: () => true, isOiled: () => true },
  delays: { patience: 10 },
}).createMachine({
  id: 'door',
  initial: 'closed',
  on: { break: { actions: [] } },
  states: {
    closed: {
      initial: 'free',
      states: {
        free: { on: { lock: 'locked' } },
        locked: {},
      },
      on: {
        open: [
          { guard: 'isFree', target: 'open' },
          { guard: 'isOiled', target: 'open' },
        ],
        push: 'open',
      },
    },
    open: { on: { close: 'closed' }, after: { patience: 'closed' }, always: { guard: 'isOiled', target: 'gone' } },
    gone: { type: 'final' },
  },
})

const CROSSED = new Map([
  ['door: break', 7],
  ['door.closed.free: lock', 3],
  ['door.closed: open [isFree]', 27_000],
  ['door.closed: push', 1_234_567],
  ['door.open: close', 999],
  ['door.open: always [isOiled]', 2],
])

function coverage(changes: Partial<MachineCoverage> = {}): MachineCoverage {
  const figures = [
    { name: 'states', found: 4, covered: 4 },
    { name: 'transition pairs', found: 1_200, covered: 30 },
  ]
  return { title: 'a door', machine: door, figures, crossed: CROSSED, leftOut: [], ...changes }
}

const DIAGRAM = `\`\`\`mermaid
stateDiagram-v2
  [*] --> closed
  state "closed" as closed {
    [*] --> closed_free
    state "free" as closed_free
    state "locked" as closed_locked
  }
  state "open" as open
  state "gone" as gone
  gone --> [*]
  closed --> open: open [isFree] ×27,000
  closed --> open: ⚠ open [isOiled] ×0
  closed --> open: push ×1,234,567
  closed_free --> closed_locked: lock ×3
  open --> gone: [isOiled] ×2
  open --> closed: close ×999
  open --> closed: ⚠ after patience ×0
\`\`\``

describe('The section of a machine', () => {
  it('has the figures, the diagram with the count of every edge, and what has no edge or was never crossed', () => {
    expect(coverageSection([coverage()])).toBe(`## The door machine

- a door: 4 of 4 states, 30 of 1,200 transition pairs

${DIAGRAM}

From any state:

| state | event | guard | next state | crossed |
|---|---|---|---|--:|
| (any) | break |  |  | 7 |

Never crossed:

| state | event | guard | next state | crossed |
|---|---|---|---|--:|
| closed | open | isOiled | open | 0 |
| open | after patience |  | closed | 0 |
`)
  })

  it('adds up the settings, and names each with its own figures', () => {
    const missing = new Map([
      ['door.closed: open [isOiled]', 5],
      ['door.open: xstate.after.patience.door.open', 6],
      ['door.closed.free: lock', 1],
    ])
    const second = coverage({
      title: 'an oiled door',
      crossed: missing,
      figures: [{ name: 'states', found: 3, covered: 2 }],
    })
    const section = coverageSection([coverage(), second])
    expect(section).toContain('- an oiled door: 2 of 3 states\n')
    expect(section).toContain('closed --> open: open [isOiled] ×5\n')
    expect(section).toContain('open --> closed: after patience ×6\n')
    expect(section).toContain('closed_free --> closed_locked: lock ×4\n')
    expect(section).not.toContain('Never crossed')
  })

  it('is refused when it counts what the machine has not', () => {
    const crossed = new Map([['door.closed: knock', 1]])
    expect(() => coverageSection([coverage({ crossed })])).toThrow(
      '"a door" counts "door.closed: knock", which the door machine has not.',
    )
  })

  it('is refused when two transitions cannot be told apart', () => {
    const twin = { target: 'b', guard: () => true }
    const machine = setup({}).createMachine({
      id: 'twins',
      initial: 'a',
      states: { a: { on: { x: [twin, twin] } }, b: {} },
    })
    expect(() => coverageSection([coverage({ machine, crossed: new Map() })])).toThrow(
      'Two transitions have the same name: "twins.a: x".',
    )
  })

  it.each([aggregateMachine, versionMachine, supervisorMachine, connectionMachine, rolloutMachine])(
    'of $id shows every transition that is written down, with its count',
    machine => {
      const names = [...new Set(writtenTransitions(machine).map(nameOf))]
      const section = coverageSection([
        coverage({ machine, crossed: new Map(names.map((name, i) => [name, 1_000_000 + i])) }),
      ])
      const counts = new Set(section.match(/1,000,\d{3}/g))
      expect(counts.size).toBe(names.length)
    },
  )
})

it('The page has a section for each machine', () => {
  const page = coveragePage([coverage(), coverage({ machine: connectionMachine, crossed: new Map() })])
  expect(page.match(/^#+ .*/gm)).toEqual([
    '# What the generated tests cover',
    '## The door machine',
    '## The connection machine',
  ])
  expect(page).toContain(coverageSection([coverage()]))
  expect(page.endsWith('|\n')).toBe(true)
})

it.each([
  ['--reports', "Unknown option '--reports'"],
  ['aggregate', "Unexpected argument 'aggregate'"],
])('`npm run test:model -- %s` is refused with a line that says what it takes', (argument, complaint) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/test/model/main.js', argument], {
    encoding: 'utf8',
  })
  expect(stderr.startsWith(complaint)).toBe(true)
  expect(stderr.endsWith('\nUsage: npm run test:model [-- --report]\n')).toBe(true)
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
})

describe('The report', () => {
  const all: MachineCoverage[] = [
    connectionMachine,
    versionMachine,
    aggregateMachine,
    supervisorMachine,
    rolloutMachine,
    poolMachine,
  ].map(machine =>
    coverage({
      machine,
      title: machine.id,
      crossed: new Map([[writtenTransitions(machine).map(nameOf)[0] ?? '', 41]]),
    }),
  )
  const more = coverage({ machine: versionMachine, title: 'a version: 0/1', crossed: new Map() })

  it('is the same in whatever order the models have saved their coverage', () => {
    const [one, other] = [directory(), directory()]
    for (const coverage of [...all, more]) saveCoverage(coverage, one)
    for (const coverage of [more, ...all.toReversed()]) saveCoverage(coverage, other)
    const page = reportFrom(one)
    expect(reportFrom(other)).toBe(page)
    expect(page.match(/^(## .*|- .*?:)/gm)).toEqual([
      ...['## The aggregate machine', '- aggregate:'],
      ...['## The version machine', '- a version:', '- version:'],
      ...['## The supervisor machine', '- supervisor:'],
      ...['## The connection machine', '- connection:'],
      ...['## The rollout machine', '- rollout:'],
      ...['## The pool machine', '- pool:'],
    ])
    expect(page.match(/\b41\b/g)).toHaveLength(6)
  })

  it('is refused when a machine is missing', () => {
    const path = directory()
    for (const coverage of all.slice(1)) saveCoverage(coverage, path)
    expect(() => reportFrom(path)).toThrow('No model has saved its coverage of: connection.')
  })

  it('takes no second coverage of the same title', () => {
    const path = directory()
    saveCoverage(more, path)
    expect(() => saveCoverage(more, path)).toThrow('EEXIST')
  })

  it('is saved where the environment says, and else not at all', () => {
    const path = directory()
    vi.stubEnv(REPORT_VARIABLE, undefined)
    saveCoverage(more)
    expect(readdirSync(path)).toEqual([])
    vi.stubEnv(REPORT_VARIABLE, path)
    saveCoverage(more)
    expect(readdirSync(path)).toHaveLength(1)
    vi.unstubAllEnvs()
  })
})
