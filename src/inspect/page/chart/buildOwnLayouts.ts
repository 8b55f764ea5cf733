/** Run by the build of the page. Its result is part of the page, so that this library's charts are drawn at once. */
import ELK from 'elkjs/lib/elk.bundled.js'
import { type AnyStateMachine, StateMachine } from 'xstate'
import * as machines from '../../../../machines/index.js'
import { Definitions } from '../../messages/definitions.js'
import type { Chart } from './chart.js'
import { computeLayouts, type OwnLayouts } from './ownLayouts.js'
import { parseChart } from './parseChart.js'

/** Every machine that `cutover/machines` exports. */
export const OWN_MACHINES: readonly AnyStateMachine[] = Object.values(machines).filter(it => it instanceof StateMachine)

/** The charts of all our machines. In alphabetical order, elkjs places our states so that they can be shown larger. */
export function ownCharts(): Chart[] {
  const definitions = new Definitions(value => value)
  return OWN_MACHINES.flatMap(({ config, id }) => {
    const sorted = withSortedKeys(JSON.parse(definitions.jsonOf(config, id)))
    return parseChart(JSON.stringify(sorted)) ?? []
  })
}

function withSortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withSortedKeys)
  if (typeof value !== 'object' || value === null) return value
  const sorted = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([key, item]) => [key, withSortedKeys(item)]))
}

export function buildOwnLayouts(): Promise<OwnLayouts> {
  const elk = new ELK()
  return computeLayouts(ownCharts(), graph => elk.layout(graph))
}
