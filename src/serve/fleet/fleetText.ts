/** Where a fleet stands, and what was deployed to it, as lines of text. */
import type { FleetNodeStatus, FleetRevision, FleetStatus, Wanted } from '../../fleet/index.js'
import type { Style, Terminal } from '../print/terminal.js'
import { counted, time } from '../print/text.js'

const LABEL = 11

/** A cell of the table: the text, and how it looks. */
type Cell = readonly [text: string, style?: Style]

/** The lines of a status: what the fleet does, and a row for each node. They fit into the terminal, nodes that need attention first. */
export function fleetLines(status: FleetStatus, terminal: Terminal): readonly string[] {
  const head = headOf(status, terminal)
  const room = terminal.rows - head.length - 4
  const { nodes } = status
  if (nodes.length === 0) return head
  const shown = nodes.length <= room ? nodes : nodes.filter(isNews).slice(0, Math.max(1, room - 1))
  const others = nodes.length - shown.length
  const rows = shown.map(node => rowOf(node))
  const lines = tableOf([HEADINGS, ...rows], terminal)
  return [...head, '', ...lines, ...(others > 0 ? [`and ${counted(others, 'node')} more`] : [])]
}

const HEADINGS: readonly Cell[] = [
  ['wave', 'dim'],
  ['node', 'dim'],
  ['version', 'dim'],
  ['state', 'dim'],
]

/** Whether a node moves, has failed or is silent. */
function isNews({ state, alive }: FleetNodeStatus): boolean {
  return alive === false || state === 'moving' || state === 'failed' || state === 'unreadable'
}

function rowOf(node: FleetNodeStatus): readonly Cell[] {
  const { name, wave, version } = node
  return [[wave === null ? '–' : String(wave + 1)], [name], [version ?? 'none'], stateOf(node)]
}

function stateOf({ state, target, rollout, reason, alive }: FleetNodeStatus): Cell {
  if (alive === false) return [state === 'moving' ? `silent since it began to move to ${target}` : 'silent', 'red']
  switch (state) {
    case 'moving': {
      const phase = rollout === null || rollout === 'idle' ? '' : `: ${rollout}`
      return [`moves to ${target}${phase}`, 'yellow']
    }
    case 'proven':
      return [`has proved ${target}`, 'green']
    case 'failed':
      return [`failed: ${reason ?? 'it gave no reason'}`, 'red']
    case 'unreadable':
      return [`cannot be read: ${reason}`, 'red']
    default:
      return [alive === null ? 'settled, not heard yet' : 'settled']
  }
}

function tableOf(rows: readonly (readonly Cell[])[], terminal: Terminal): readonly string[] {
  const widths = [0, 1, 2].map(column => Math.max(...rows.map(row => row[column]?.[0].length ?? 0)) + 2)
  return rows.map(row => {
    let left = terminal.width - 1
    return row
      .map(([text, style], column) => {
        const cut = text.padEnd(widths[column] ?? 0).slice(0, Math.max(0, left))
        left -= cut.length
        return style === undefined ? cut : terminal.style(style, cut)
      })
      .join('')
      .trimEnd()
  })
}

function headOf({ fleet, state, wanted, refused, waitsFor, nodes }: FleetStatus, terminal: Terminal): string[] {
  const line = (label: string, text: string, style?: Style) => {
    const cut = text.slice(0, Math.max(0, terminal.width - 1 - LABEL))
    return `${terminal.style('dim', label.padEnd(LABEL))}${style === undefined ? cut : terminal.style(style, cut)}`
  }
  const lines = [line('fleet', fleet, 'bold'), line('state', meaningOf(state, wanted))]
  if (wanted?.reason != null) lines.push(line('reason', wanted.reason, 'red'))
  if (refused !== null) lines.push(line('refused', `The newest record cannot be read: ${refused}.`, 'red'))
  if (waitsFor !== null) lines.push(line('waits for', waitsFor))
  const silent = nodes.filter(({ alive }) => alive === false).length
  lines.push(line('nodes', `${nodes.length}${silent === 0 ? '' : `, ${silent} silent`}`))
  return lines
}

function meaningOf(state: FleetStatus['state'], wanted: Wanted | null): string {
  if (wanted === null || state === 'empty') return 'nothing was deployed yet'
  const { version, previous, wave, waves, paused } = wanted
  switch (state) {
    case 'permanent':
      return `version ${version} is permanent`
    case 'halted':
      return version === null ? `halted at ${previous}` : `halted: back to ${version} from ${previous}`
    default:
      return `${paused ? 'paused' : 'moves'} to ${version} from ${previous ?? 'nothing'}, wave ${waveText(wave, wanted)} of ${waves.length}`
  }
}

function waveText(wave: number, { waves }: Pick<Wanted, 'waves'>): string {
  const percent = waves[wave]?.percent
  return percent === undefined ? `${wave + 1}` : `${wave + 1} (${percent} %)`
}

/** `1 %, 10 % with a soak of 5m, 100 %` */
export function wavesText(waves: Wanted['waves']): string {
  return waves
    .map(({ percent, soak }) => `${percent} %${soak === null ? '' : ` with a soak of ${time(soak)}`}`)
    .join(', ')
}

/** The revisions of the record, oldest first. */
export function historyLines(revisions: readonly FleetRevision[]): readonly string[] {
  return revisions.map(({ at, wanted, refused }, index) => {
    const before = revisions[index - 1]?.wanted ?? null
    return `${at}  ${wanted === null ? `a record that cannot be read: ${refused}` : eventOf(wanted, before)}`
  })
}

function eventOf(wanted: Wanted, before: Wanted | null): string {
  const { version, previous, epoch, wave, waves, paused, reason } = wanted
  if (reason !== null) {
    if (before?.epoch === epoch) return `the way back has failed: ${reason}`
    return `halted, back to ${version ?? 'nothing'}: ${reason}`
  }
  if (before?.epoch !== epoch) return `deployed ${version} over ${previous ?? 'nothing'}: ${wavesText(waves)}`
  if (before.paused !== paused) return `${version} ${paused ? 'paused' : 'resumed'}`
  return wave < waves.length ? `${version} opened wave ${waveText(wave, wanted)}` : `${version} is permanent`
}
