import type { ElkNode } from 'elkjs'
import type { Chart, ChartState } from './chart.js'
import { type Arrow, arrowsOf, buildGraph, dotId, type MeasureText, nodeId, rowsId, TITLE_HEIGHT } from './graph.js'
import type { LayoutEngine } from './layoutEngine.js'

/** A rectangle, in the coordinates of the chart. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The position of a state. */
export interface StateLayout {
  readonly state: ChartState
  readonly box: Box
  /** Where its internal transitions begin: below the title, or beside its children. */
  readonly rows: { readonly x: number; readonly y: number }
}

/** A chart with the positions of everything in it. */
export interface ChartLayout {
  readonly chart: Chart
  readonly width: number
  readonly height: number
  /** Parents before children. */
  readonly states: readonly StateLayout[]
  readonly initialDots: readonly Box[]
  /** SVG paths from the initial dots to the initial states. */
  readonly initialPaths: readonly string[]
  readonly arrows: readonly { readonly arrow: Arrow; readonly path: string; readonly label: Box | undefined }[]
}

/** About the aspect ratio of the panel of the chart. */
const ASPECT_RATIO = 1.4

/** Lays out a chart. */
export async function layoutChart(chart: Chart, engine: LayoutEngine, measure: MeasureText): Promise<ChartLayout> {
  return readLayout(chart, await layOut(chart, engine, measure))
}

/** Lays out a chart both downwards and to the right, and returns the graph that can be shown larger. */
export async function layOut(chart: Chart, engine: LayoutEngine, measure: MeasureText): Promise<ElkNode> {
  const down = await engine(buildGraph(chart, measure, 'DOWN'))
  const right = await engine(buildGraph(chart, measure, 'RIGHT'))
  return scaleToFit(down) >= scaleToFit(right) ? down : right
}

/** The scale at which a graph fits into a box of height 1 and the aspect ratio. */
function scaleToFit({ width = 1, height = 1 }: ElkNode): number {
  return Math.min(ASPECT_RATIO / width, 1 / height)
}

/** Reads the positions from a graph that has been laid out. */
export function readLayout(chart: Chart, graph: ElkNode): ChartLayout {
  const nodes = new Map(withDescendants(graph).map(node => [node.id, node]))
  const edges = new Map((graph.edges ?? []).map(edge => [edge.id, edge]))
  const pathOf = (id: string) =>
    (edges.get(id)?.sections ?? [])
      .map(({ startPoint, bendPoints = [], endPoint }) => roundedPath([startPoint, ...bendPoints, endPoint]))
      .join(' ')
  const states = [...chart.states.values()]
  return {
    chart,
    width: graph.width ?? 0,
    height: graph.height ?? 0,
    states: states
      .filter(state => nodes.has(nodeId(state)))
      .map(state => {
        const box = boxOf(nodes.get(nodeId(state)))
        const rowsNode = nodes.get(rowsId(state))
        const rows = rowsNode === undefined ? { x: box.x, y: box.y + TITLE_HEIGHT } : boxOf(rowsNode)
        return { state, box, rows }
      }),
    initialDots: states.flatMap(state => (nodes.has(dotId(state)) ? [boxOf(nodes.get(dotId(state)))] : [])),
    initialPaths: states.flatMap(state => pathOf(`${dotId(state)}>`) || []),
    arrows: arrowsOf(chart).map(arrow => {
      const label = edges.get(arrow.id)?.labels?.[0]
      return { arrow, path: pathOf(arrow.id), label: label === undefined ? undefined : boxOf(label) }
    }),
  }
}

function withDescendants(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(withDescendants)]
}

function boxOf(shape: Partial<Box> | undefined): Box {
  return { x: shape?.x ?? 0, y: shape?.y ?? 0, width: shape?.width ?? 0, height: shape?.height ?? 0 }
}

interface Point {
  readonly x: number
  readonly y: number
}

const CORNER_RADIUS = 5

/** An SVG path through the points, with rounded corners. */
function roundedPath(points: readonly Point[]): string {
  return points
    .map((point, i) => {
      const [previous, next] = [points[i - 1], points[i + 1]]
      if (previous === undefined) return `M${point.x} ${point.y}`
      if (next === undefined) return `L${point.x} ${point.y}`
      const [start, end] = [towards(point, previous), towards(point, next)]
      return `L${start.x} ${start.y}Q${point.x} ${point.y} ${end.x} ${end.y}`
    })
    .join('')
}

function towards(from: Point, to: Point): Point {
  const distance = Math.hypot(to.x - from.x, to.y - from.y)
  const ratio = distance === 0 ? 0 : Math.min(CORNER_RADIUS, distance / 2) / distance
  return { x: from.x + (to.x - from.x) * ratio, y: from.y + (to.y - from.y) * ratio }
}
