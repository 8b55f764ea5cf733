import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import type { Chart, ChartState, ChartTransition } from './chart.js'

/** How wide a text is drawn. */
export type Measure = (text: string, font: 'title' | 'row' | 'label') => number

/** Several transitions between the same two states are one arrow with several lines of text. */
export interface Arrow {
  readonly id: string
  readonly from: ChartState
  readonly to: ChartState
  readonly transitions: readonly ChartTransition[]
}

export const TITLE_HEIGHT = 27
export const ROW_HEIGHT = 17
export const LABEL_HEIGHT = 14
const DOT = 8
/** Between the edge of a state and its text. */
export const PADDING = 10
const MIN_WIDTH = 72

const OPTIONS = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.layered.nodePlacement.strategy': 'BRANDES_KOEPF',
  'elk.layered.nodePlacement.bk.fixedAlignment': 'BALANCED',
  'elk.layered.spacing.nodeNodeBetweenLayers': '10',
  'elk.layered.spacing.edgeNodeBetweenLayers': '7',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '6',
  'elk.spacing.nodeNode': '10',
  'elk.spacing.edgeNode': '7',
  'elk.spacing.edgeEdge': '6',
  'elk.spacing.edgeLabel': '2',
  'elk.spacing.labelLabel': '2',
  'elk.spacing.nodeSelfLoop': '7',
}

/** The transitions that change no state: they are written into their state. */
export const rowsOf = (state: ChartState) => state.transitions.filter(({ to }) => to.length === 0)

/** The arrows of a chart, in the order of its transitions. */
export function arrowsOf(chart: Chart): Arrow[] {
  const arrows = new Map<string, Arrow & { readonly transitions: ChartTransition[] }>()
  for (const transition of chart.transitions) {
    for (const to of transition.to) {
      const id = `${transition.source.path}>${to.path}`
      const arrow = arrows.get(id) ?? { id, from: transition.source, to, transitions: [] }
      arrow.transitions.push(transition)
      arrows.set(id, arrow)
    }
  }
  return [...arrows.values()]
}

/** What is written on an arrow: a guard has a line of its own. */
export function linesOf({ transitions }: Arrow): { readonly transition: ChartTransition; readonly text: string }[] {
  return transitions.flatMap(transition => transition.label.split(/ (?=\[)/).map(text => ({ transition, text })))
}

/** Whether the machine itself is drawn as a box: only if an arrow begins or ends there. */
function hasRootBox(chart: Chart): boolean {
  return arrowsOf(chart).some(({ from, to }) => from === chart.root || to === chart.root)
}

/** The name of a state's node; the root's path is empty, and an id must not be. */
export const nodeId = (state: ChartState) => `state:${state.path}`
/** The name of the text in a state that has others in it: arrows go around it, as around a state. */
export const rowsId = (state: ChartState) => `rows:${state.path}`
/** The name of the dot from which the initial state is entered. */
export const dotId = (state: ChartState) => `initial:${state.path}`

/** The graph to lay out, which runs in this direction. */
export function graphOf(chart: Chart, measure: Measure, direction: 'DOWN' | 'RIGHT'): ElkNode {
  const dots = [...chart.states.values()].flatMap(state => initialEdge(state) ?? [])
  const edges = arrowsOf(chart).map(arrow => ({
    id: arrow.id,
    sources: [nodeId(arrow.from)],
    targets: [nodeId(arrow.to)],
    labels: [
      {
        id: `${arrow.id}:label`,
        text: arrow.id,
        width: Math.max(...linesOf(arrow).map(({ text }) => measure(text, 'label'))) + 6,
        height: linesOf(arrow).length * LABEL_HEIGHT + 2,
      },
    ],
  }))
  const options = { ...OPTIONS, 'elk.direction': direction }
  const root = nodeOf(chart.root, measure, options)
  return {
    id: 'chart',
    layoutOptions: { ...options, 'elk.padding': '[top=4,left=4,bottom=4,right=4]' },
    children: hasRootBox(chart) ? [root] : (root.children ?? []),
    edges: [...dots, ...edges],
  }
}

function initialEdge(state: ChartState): ElkExtendedEdge | undefined {
  const child = initialOf(state)
  if (child === undefined) return undefined
  return { id: `${dotId(state)}>`, sources: [dotId(state)], targets: [nodeId(child)] }
}

function initialOf({ children, initial }: ChartState): ChartState | undefined {
  return children.find(({ key }) => key === initial)
}

function nodeOf(state: ChartState, measure: Measure, options: Readonly<Record<string, string>>): ElkNode {
  const rows = state.parent === undefined ? [] : rowsOf(state)
  const isPlain = state.type === 'atomic' || state.type === 'compound'
  const titled = Math.max(MIN_WIDTH, measure(state.key, 'title') + 2 * PADDING + (isPlain ? 0 : 58))
  const written = Math.max(0, ...rows.map(({ label }) => measure(label, 'row') + 2 * PADDING))
  const below = rows.length * ROW_HEIGHT + 8
  if (state.children.length === 0) {
    return {
      id: nodeId(state),
      width: Math.max(titled, written),
      height: TITLE_HEIGHT + (rows.length === 0 ? 0 : below),
    }
  }
  const dot: ElkNode[] = initialOf(state) === undefined ? [] : [{ id: dotId(state), width: DOT, height: DOT }]
  const text: ElkNode[] = rows.length === 0 ? [] : [{ id: rowsId(state), width: written, height: below }]
  return {
    id: nodeId(state),
    layoutOptions: {
      ...options,
      'elk.padding': `[top=${TITLE_HEIGHT + 4},left=10,bottom=10,right=10]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${titled},${TITLE_HEIGHT})`,
    },
    children: [...dot, ...text, ...state.children.map(child => nodeOf(child, measure, options))],
  }
}
