import type { ElkNode } from 'elkjs'
import { type Chart, type ChartState, chartOf } from './chart.js'
import { type Arrow, arrowsOf, dotId, graphOf, type Measure, nodeId, rowsId, TITLE_HEIGHT } from './graph.js'
import type { Layout } from './layoutEngine.js'

/** A rectangle, in the coordinates of the chart. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A state, and where what is written in it begins: below its title, or where there is room beside its children. */
export interface DrawnState {
  readonly state: ChartState
  readonly box: Box
  readonly rows: { readonly x: number; readonly y: number }
}

/** A chart with places for everything. */
export interface Drawing {
  readonly chart: Chart
  readonly width: number
  readonly height: number
  /** Parents before children. */
  readonly states: readonly DrawnState[]
  readonly dots: readonly Box[]
  /** From the dots to the initial states. */
  readonly starts: readonly string[]
  readonly arrows: readonly { readonly arrow: Arrow; readonly path: string; readonly label: Box | undefined }[]
}

/** Lays out a chart in the direction that fits the room better. */
export async function draw(chart: Chart, layout: Layout, measure: Measure, aspect: number): Promise<Drawing> {
  const down = await layout(graphOf(chart, measure, 'DOWN'))
  const right = await layout(graphOf(chart, measure, 'RIGHT'))
  return drawingOf(chart, scaleOf(down, aspect) >= scaleOf(right, aspect) ? down : right)
}

/** How large a graph can be shown in a room of height 1 and this width. */
function scaleOf({ width = 1, height = 1 }: ElkNode, aspect: number): number {
  return Math.min(aspect / width, 1 / height)
}

/** Reads the places from a graph that was laid out. */
function drawingOf(chart: Chart, graph: ElkNode): Drawing {
  const nodes = new Map(allNodes(graph).map(node => [node.id, node]))
  const edges = new Map((graph.edges ?? []).map(edge => [edge.id, edge]))
  const pathsOf = (id: string) =>
    (edges.get(id)?.sections ?? [])
      .map(({ startPoint, bendPoints = [], endPoint }) => rounded([startPoint, ...bendPoints, endPoint]))
      .join(' ')
  const all = [...chart.states.values()]
  return {
    chart,
    width: graph.width ?? 0,
    height: graph.height ?? 0,
    states: all
      .filter(state => nodes.has(nodeId(state)))
      .map(state => {
        const box = boxOf(nodes.get(nodeId(state)))
        const beside = nodes.get(rowsId(state))
        const rows = beside === undefined ? { x: box.x, y: box.y + TITLE_HEIGHT } : boxOf(beside)
        return { state, box, rows }
      }),
    dots: all.flatMap(state => (nodes.has(dotId(state)) ? [boxOf(nodes.get(dotId(state)))] : [])),
    starts: all.flatMap(state => pathsOf(`${dotId(state)}>`) || []),
    arrows: arrowsOf(chart).map(arrow => {
      const label = edges.get(arrow.id)?.labels?.[0]
      return { arrow, path: pathsOf(arrow.id), label: label === undefined ? undefined : boxOf(label) }
    }),
  }
}

function allNodes(node: ElkNode): ElkNode[] {
  return [node, ...(node.children ?? []).flatMap(allNodes)]
}

function boxOf(shape: Partial<Box> | undefined): Box {
  return { x: shape?.x ?? 0, y: shape?.y ?? 0, width: shape?.width ?? 0, height: shape?.height ?? 0 }
}

interface Point {
  readonly x: number
  readonly y: number
}

const RADIUS = 5

/** An SVG path through these points, with rounded corners. */
function rounded(points: readonly Point[]): string {
  return points
    .map((point, i) => {
      const [before, after] = [points[i - 1], points[i + 1]]
      if (before === undefined) return `M${point.x} ${point.y}`
      if (after === undefined) return `L${point.x} ${point.y}`
      const [a, b] = [towards(point, before), towards(point, after)]
      return `L${a.x} ${a.y}Q${point.x} ${point.y} ${b.x} ${b.y}`
    })
    .join('')
}

function towards(from: Point, to: Point): Point {
  const distance = Math.hypot(to.x - from.x, to.y - from.y)
  const part = distance === 0 ? 0 : Math.min(RADIUS, distance / 2) / distance
  return { x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part }
}

/** What became of a definition: it is being laid out, there it is, or it is no chart, or cannot be laid out. */
export type Drawn = Drawing | 'pending' | 'none' | { readonly failed: string }

/** Lays out every definition once; `changed` tells that one is ready. */
export class Drawings {
  readonly #drawn = new Map<string, Drawn>()
  readonly #make: (chart: Chart) => Promise<Drawing>
  readonly #changed: () => void

  constructor(make: (chart: Chart) => Promise<Drawing>, changed: () => void) {
    this.#make = make
    this.#changed = changed
  }

  /** The drawing of a definition, as far as it is made. */
  of(definition: string | undefined): Drawn {
    if (definition === undefined) return 'none'
    const known = this.#drawn.get(definition)
    if (known !== undefined) return known
    const chart = chartOf(definition)
    if (chart === undefined) return this.#keep(definition, 'none')
    this.#make(chart).then(
      drawing => this.#settle(definition, drawing),
      error => this.#settle(definition, { failed: String(error) }),
    )
    return this.#keep(definition, 'pending')
  }

  #settle(definition: string, drawn: Drawn): void {
    this.#keep(definition, drawn)
    this.#changed()
  }

  #keep(definition: string, drawn: Drawn): Drawn {
    if (this.#drawn.size > 200) this.#drawn.delete([...this.#drawn.keys()][0] ?? '')
    this.#drawn.set(definition, drawn)
    return drawn
  }
}
