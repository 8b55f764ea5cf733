import {
  aggregateMachine,
  connectionMachine,
  fleetLinkMachine,
  fleetMachine,
  moduleRunMachine,
  poolMachine,
  rolloutMachine,
  supervisorMachine,
  versionMachine,
} from 'cutover/machines'
import type { AnyStateMachine } from 'xstate'
import { toMermaid } from '../../src/inspect/mermaid/toMermaid.js'
import { pathOf, rowsOf, statesOf, type TransitionRow } from '../../src/inspect/mermaid/transitions.js'

interface MachinePage {
  readonly name: string
  /** The file that defines the machine. */
  readonly source: string
  readonly machine: AnyStateMachine
  readonly about: string
}

const PAGES: readonly MachinePage[] = [
  {
    name: 'aggregate',
    source: 'machines/aggregate.ts',
    machine: aggregateMachine,
    about: 'Which version is active, and which is next.',
  },
  {
    name: 'version',
    source: 'machines/version.ts',
    machine: versionMachine,
    about: 'The lifecycle of one version in an aggregate.',
  },
  {
    name: 'supervisor',
    source: 'machines/supervisor.ts',
    machine: supervisorMachine,
    about: 'Keeps one runtime module running, in any host.',
  },
  {
    name: 'pool',
    source: 'machines/pool.ts',
    machine: poolMachine,
    about: 'Several instances of one version that look like one runtime.',
  },
  {
    name: 'rollout',
    source: 'machines/rollout.ts',
    machine: rolloutMachine,
    about: 'The rollouts of one aggregate: from the order of a version until it stays, or is gone again.',
  },
  {
    name: 'fleet',
    source: 'machines/fleet.ts',
    machine: fleetMachine,
    about: 'A node of a fleet, as it sees itself: which version it has to run, and whether it does.',
  },
  {
    name: 'fleetLink',
    source: 'machines/fleetLink.ts',
    machine: fleetLinkMachine,
    about:
      'The link of a node to its fleet: whether it is connected, and whether it has listened long enough to judge others.',
  },
  {
    name: 'connection',
    source: 'machines/connection.ts',
    machine: connectionMachine,
    about: 'A connection between a host and a guest. Both sides have one.',
  },
  {
    name: 'moduleRun',
    source: 'machines/moduleRun.ts',
    machine: moduleRunMachine,
    about: 'One run of a runtime module, in a host or in a guest, from loading it to stopping it.',
  },
]

/** A file that is generated from the machines, or that has a generated part. */
export interface Generated {
  /** Relative to the root of the repository. */
  readonly path: string
  /** Returns the current text with its generated part renewed. Throws if the text has no such part. */
  update(current: string): string
}

export const GENERATED: readonly Generated[] = [
  ...PAGES.map(page => ({ path: `docs/machines/${page.name}.md`, update: () => pageOf(page) })),
  ...PAGES.map(({ source, machine }) => ({
    path: source,
    update: (source: string) => {
      const updated = replaceTable(source, 'state | event', tableOf(machine))
      return replaceTable(updated, 'state | meaning', meaningsOf(machine))
    },
  })),
]

function pageOf({ name, source, machine, about }: MachinePage): string {
  const rows = rowsOf(machine).map(row => `${cells(row)} ${row.actions.join(', ')} | ${row.description} |`)
  return `<!-- Generated from ${source} by \`npm run docs:machines\`; edit the machine instead. -->

# The ${name} machine

${about}

\`\`\`mermaid
${toMermaid(machine)}
\`\`\`

## States

${meaningsOf(machine)}

## Transitions

A row without an event applies as soon as its guard holds; of several, the first. A row without a next state keeps the state.

| state | event | guard | next state | does | why |
|---|---|---|---|---|---|
${rows.join('\n')}
`
}

/** The table for the head comment of the machine. */
function tableOf(machine: AnyStateMachine): string {
  return [
    '| state | event | guard | next state |',
    '|---|---|---|---|',
    ...rowsOf(machine).map(row => cells(row)),
  ].join('\n')
}

function cells({ state, event, guard, target }: TransitionRow): string {
  return `| ${state || '(any)'} | ${event} | ${guard} | ${target === null ? '' : pathOf(target)} |`
}

function meaningsOf(machine: AnyStateMachine): string {
  const states = statesOf(machine).filter(node => node.parent !== undefined)
  const rows = states.map(node => `| ${pathOf(node)} | ${node.description ?? ''} |`)
  return ['| state | meaning |', '|---|---|', ...rows].join('\n')
}

/** Replaces the table of a comment whose head begins with `head`. */
function replaceTable(source: string, head: string, table: string): string {
  const comment = table.split('\n').map(line => ` * ${line}\n`)
  const [first = '', second = ''] = head.split(' | ')
  return replace(source, new RegExp(` \\* \\| ${first} \\| ${second} \\|.*\\n(?: \\* \\|.*\\n)*`), comment.join(''))
}

function replace(text: string, pattern: RegExp, by: string): string {
  if (!pattern.test(text)) throw new Error(`There is nothing to replace: the text holds no ${pattern}.`)
  return text.replace(pattern, () => by)
}
