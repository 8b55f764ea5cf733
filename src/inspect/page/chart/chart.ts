import type { TransitionConfig } from './definition.js'

/** The type of a state, as XState names it. */
export type StateType = 'atomic' | 'compound' | 'parallel' | 'final' | 'history'

/** A state of a chart. */
export interface ChartState {
  /** The keys from the root, joined by dots; empty for the root. */
  readonly path: string
  readonly key: string
  /** Its own id, or XState's default: `machine.a.b`. */
  readonly id: string
  readonly type: StateType
  readonly initial: string | undefined
  readonly description: string | undefined
  readonly parent: ChartState | undefined
  readonly children: ChartState[]
  readonly transitions: ChartTransition[]
}

/** A transition of a chart. Without targets it changes no state. */
export interface ChartTransition extends TransitionConfig {
  readonly id: string
  readonly source: ChartState
  readonly to: readonly ChartState[]
  /** `event [guard]`. */
  readonly label: string
}

/** A statechart, ready for the layout. */
export interface Chart {
  readonly root: ChartState
  /** By path, parents before children. */
  readonly states: ReadonlyMap<string, ChartState>
  readonly transitions: readonly ChartTransition[]
}
