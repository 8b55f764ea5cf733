import type { Chart } from './chart.js'
import type { ChartLayout } from './chartLayout.js'
import { parseChart } from './parseChart.js'

/** The layout of a definition: in progress, done, failed, or none because the definition has no states. */
export type LayoutResult = ChartLayout | 'pending' | 'none' | { readonly failed: string }

const MAX_LAYOUTS = 200

/** Lays out a chart: at once if it was laid out in advance. */
export type LayoutChart = (chart: Chart) => ChartLayout | Promise<ChartLayout>

/** Lays out every definition once. */
export class LayoutCache {
  readonly #results = new Map<string, LayoutResult>()
  readonly #layoutChart: LayoutChart
  readonly #changed: () => void

  /** @param changed - called after a layout that took time is done or has failed */
  constructor(layoutChart: LayoutChart, changed: () => void) {
    this.#layoutChart = layoutChart
    this.#changed = changed
  }

  /** The layout of a definition. The first call starts it. */
  get(definition: string | undefined): LayoutResult {
    if (definition === undefined) return 'none'
    const known = this.#results.get(definition)
    if (known !== undefined) return known
    const chart = parseChart(definition)
    if (chart === undefined) return this.#set(definition, 'none')
    const layout = this.#layoutChart(chart)
    if (!(layout instanceof Promise)) return this.#set(definition, layout)
    layout.then(
      layout => this.#settled(definition, layout),
      error => this.#settled(definition, { failed: String(error) }),
    )
    return this.#set(definition, 'pending')
  }

  #settled(definition: string, result: LayoutResult): void {
    this.#set(definition, result)
    this.#changed()
  }

  #set(definition: string, result: LayoutResult): LayoutResult {
    if (this.#results.size >= MAX_LAYOUTS) this.#results.delete([...this.#results.keys()][0] ?? '')
    this.#results.set(definition, result)
    return result
  }
}
