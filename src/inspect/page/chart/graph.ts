import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import type { Chart, ChartState, ChartTransition } from './chart.js'

/** Measures how wide a text is drawn. */
export type MeasureText = (text: string, font: 'title' | 'row' | 'label') => number

/** All transitions between the same two states. They are drawn as one arrow with several lines of text. */
export interface Arrow {
  readonly id: string
  readonly from: ChartState
  readonly to: ChartState
  readonly transitions: readonly ChartTransition[]
}

export const TITLE_HEIGHT = 27
export const ROW_HEIGHT = 17
export const LABEL_HEIGHT = 14
/** The width and height of an initial dot. */
const DOT_SIZE = 8
/** Between the edge of a state and its text. */
export const PADDING = 10
const MIN_WIDTH = 72

const ELK_OPTIONS = {
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

/** The transitions that change no state. They are listed inside their state. */
export const internalTransitions = (state: ChartState) => state.transitions.filter(({ to }) => to.length === 0)

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

/** The lines of text on an arrow. A guard has its own line. */
export function labelLines({ transitions }: Arrow): { readonly transition: ChartTransition; readonly text: string }[] {
  return transitions.flatMap(transition => transition.label.split(/ (?=\[)/).map(text => ({ transition, text })))
}

/** The id of a state's node. Has a prefix, because the root's path is empty and an id must not be. */
export const nodeId = (state: ChartState) => `state:${state.path}`
/** The id of the internal transitions of a state with children. As a node, arrows go around it. */
export const rowsId = (state: ChartState) => `rows:${state.path}`
/** The id of the dot with the arrow to the initial state. */
export const dotId = (state: ChartState) => `initial:${state.path}`

/** The graph for elkjs. */
export function buildGraph(chart: Chart, measure: MeasureText, direction: 'DOWN' | 'RIGHT'): ElkNode {
  const initialEdges = [...chart.states.values()].flatMap(state => initialEdge(state) ?? [])
  const edges = arrowsOf(chart).map(arrow => ({
    id: arrow.id,
    sources: [nodeId(arrow.from)],
    targets: [nodeId(arrow.to)],
    labels: [
      {
        id: `${arrow.id}:label`,
        text: arrow.id,
        width: Math.max(...labelLines(arrow).map(({ text }) => measure(text, 'label'))) + 6,
        height: labelLines(arrow).length * LABEL_HEIGHT + 2,
      },
    ],
  }))
  const options = { ...ELK_OPTIONS, 'elk.direction': direction }
  const root = buildNode(chart.root, measure, options)
  return {
    id: 'chart',
    layoutOptions: { ...options, 'elk.padding': '[top=4,left=4,bottom=4,right=4]' },
    children: hasRootNode(chart) ? [root] : (root.children ?? []),
    edges: [...initialEdges, ...edges],
  }
}

/** The root is drawn only if an arrow starts or ends at it. */
function hasRootNode(chart: Chart): boolean {
  return arrowsOf(chart).some(({ from, to }) => from === chart.root || to === chart.root)
}

function initialEdge(state: ChartState): ElkExtendedEdge | undefined {
  const child = initialChild(state)
  if (child === undefined) return undefined
  return { id: `${dotId(state)}>`, sources: [dotId(state)], targets: [nodeId(child)] }
}

function initialChild({ children, initial }: ChartState): ChartState | undefined {
  return children.find(({ key }) => key === initial)
}

function buildNode(state: ChartState, measure: MeasureText, options: Readonly<Record<string, string>>): ElkNode {
  const rows = state.parent === undefined ? [] : internalTransitions(state)
  const hasBadge = state.type !== 'atomic' && state.type !== 'compound'
  const titleWidth = Math.max(MIN_WIDTH, measure(state.key, 'title') + 2 * PADDING + (hasBadge ? 58 : 0))
  const rowsWidth = Math.max(0, ...rows.map(({ label }) => measure(label, 'row') + 2 * PADDING))
  const rowsHeight = rows.length * ROW_HEIGHT + 8
  if (state.children.length === 0) {
    return {
      id: nodeId(state),
      width: Math.max(titleWidth, rowsWidth),
      height: TITLE_HEIGHT + (rows.length === 0 ? 0 : rowsHeight),
    }
  }
  const hasInitial = initialChild(state) !== undefined
  const dot: ElkNode[] = hasInitial ? [{ id: dotId(state), width: DOT_SIZE, height: DOT_SIZE }] : []
  const text: ElkNode[] = rows.length === 0 ? [] : [{ id: rowsId(state), width: rowsWidth, height: rowsHeight }]
  return {
    id: nodeId(state),
    layoutOptions: {
      ...options,
      'elk.padding': `[top=${TITLE_HEIGHT + 4},left=10,bottom=10,right=10]`,
      'elk.nodeSize.constraints': 'MINIMUM_SIZE',
      'elk.nodeSize.minimum': `(${titleWidth},${TITLE_HEIGHT})`,
    },
    children: [...dot, ...text, ...state.children.map(child => buildNode(child, measure, options))],
  }
}
