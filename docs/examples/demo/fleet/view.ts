/** Shows the nodes of the demo's fleet. */
import { count, paint, seconds } from '../format.js'
import { columns, type Write } from '../output.js'
import type { NodeProcess } from './nodes.js'
import type { FleetPicture, FleetView } from './run.js'

const ERASE_LINE = '\r\u001B[K'
const ERASE_BELOW = '\u001B[J'

/** Draws the nodes again and again, in place, below the lines that stay. Where they do not fit, only the lines. */
export function drawnFleet(write: Write, rows: () => number): FleetView {
  let drawn = 0
  const erase = () => (drawn === 0 ? '' : `\u001B[${drawn}A${ERASE_LINE}${ERASE_BELOW}`)
  const draw = (picture: FleetPicture, before = '') => {
    const lines = linesOf(picture, columns() - 1)
    const shown = lines.length < rows() - 1 ? lines : []
    write(`${erase()}${before}${shown.map(line => `${line}\n`).join('')}`)
    drawn = shown.length
  }
  let last: FleetPicture = { now: 0, status: null, nodes: [] }
  return {
    show: picture => {
      last = picture
      draw(picture)
    },
    say: (now, text) => draw({ ...last, now }, `${lineOf(now, text, columns() - 1)}\n`),
    end: picture => draw(picture),
  }
}

/** Writes only the lines that say what happens; at the end, the nodes. */
export function plainFleet(write: Write): FleetView {
  return {
    show: () => {},
    say: (now, text) => write(`${lineOf(now, text)}\n`),
    end: picture => write(`${linesOf(picture, Number.POSITIVE_INFINITY).join('\n')}\n`),
  }
}

export const silentFleet: FleetView = { show: () => {}, say: () => {}, end: () => {} }

function lineOf(now: number, text: string, width = Number.POSITIVE_INFINITY): string {
  return `${seconds(now).padStart(7)}   ${text}`.slice(0, width)
}

function linesOf({ status, nodes }: FleetPicture, width: number): string[] {
  const waves = new Map(status?.nodes.map(({ name, wave }) => [name, wave]))
  const byWave = [...nodes].sort((a, b) => (waves.get(a.name) ?? 0) - (waves.get(b.name) ?? 0))
  return ['', ...byWave.map(node => rowOf(node, waves.get(node.name) ?? null, width))]
}

const STYLES: Readonly<Record<string, 'green' | 'yellow' | 'red'>> = {
  proven: 'green',
  moving: 'yellow',
  failed: 'red',
}

function rowOf({ name, figures }: NodeProcess, wave: number | null, width: number): string {
  const state = figures?.snapshot?.state ?? 'starts'
  const cells = [
    `  ${name}`.padEnd(7),
    (wave === null ? '' : `wave ${wave + 1}`).padEnd(8),
    (figures?.active ?? '').padEnd(15),
    state.padEnd(11),
    `${count(figures?.settled ?? 0).padStart(8)} calls${figures?.hurt ? `, ${count(figures.hurt)} failed` : ''}`,
  ]
  const row = cells.join('').slice(0, width)
  const style = STYLES[state]
  return style === undefined ? row : paint(style, row)
}
