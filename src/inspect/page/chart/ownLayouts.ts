import type { ElkExtendedEdge, ElkNode } from 'elkjs'
import type { Chart } from './chart.js'
import { type ChartLayout, layOut, readLayout } from './chartLayout.js'
import { buildGraph, type MeasureText } from './graph.js'
import { hasKnownWidths, measureKnown } from './knownWidths.js'
import type { LayoutEngine } from './layoutEngine.js'

/** The layouts of this library's own charts, by their keys. They are computed while the page is built. */
export type OwnLayouts = Readonly<Record<string, ElkNode>>

/** Computes the layouts of charts in advance. */
export async function computeLayouts(charts: readonly Chart[], engine: LayoutEngine): Promise<OwnLayouts> {
  const layouts: Record<string, ElkNode> = {}
  for (const chart of charts) layouts[layoutKey(chart)] = positionsOf(await layOut(chart, engine, measureKnown))
  return layouts
}

/**
 * Finds the layout of a chart that was computed in advance. Finds none if the chart has changed since, or if the browser's
 * font is wider than the one that the layouts were computed for.
 */
export function ownLayoutFinder(layouts: OwnLayouts, measure: MeasureText): (chart: Chart) => ChartLayout | undefined {
  if (!hasKnownWidths(measure)) return () => undefined
  return chart => {
    const key = layoutKey(chart)
    const graph = Object.hasOwn(layouts, key) ? layouts[key] : undefined
    return graph === undefined ? undefined : readLayout(chart, graph)
  }
}

/** The inputs of a layout, in a fixed order of states and transitions: some senders sort the keys. */
function layoutKey(chart: Chart): string {
  const graph = buildGraph(chart, measureKnown, 'DOWN')
  const nodes = descendants(graph).map(({ id, width = '', height = '' }) => `${id} ${width} ${height}`)
  const edges = (graph.edges ?? []).map(({ id, sources, targets, labels = [] }) =>
    [id, sources, targets, ...labels.map(({ width, height }) => `${width} ${height}`)].join(' '),
  )
  return [...nodes, ...edges].toSorted().join('\n')
}

function descendants({ children = [] }: ElkNode): ElkNode[] {
  return children.flatMap(child => [child, ...descendants(child)])
}

/** Only the fields that `readLayout` reads. */
function positionsOf({ id, x, y, width, height, children, edges }: ElkNode): ElkNode {
  return {
    id,
    ...box({ x, y, width, height }),
    ...(children === undefined ? {} : { children: children.map(positionsOf) }),
    ...(edges === undefined ? {} : { edges: edges.map(pathOf) }),
  }
}

function pathOf({ id, sections = [], labels }: ElkExtendedEdge): ElkExtendedEdge {
  const points = sections.map(({ startPoint, bendPoints = [], endPoint }) => ({ startPoint, bendPoints, endPoint }))
  return { id, sections: points, ...(labels === undefined ? {} : { labels: labels.map(box) }) } as ElkExtendedEdge
}

type Shape = Pick<ElkNode, 'x' | 'y' | 'width' | 'height'>

function box(shape: { readonly [Key in keyof Shape]: Shape[Key] | undefined }): Shape {
  const { x = 0, y = 0, width = 0, height = 0 } = shape
  return { x, y, width, height }
}
