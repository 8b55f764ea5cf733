import { type AnyStateMachine, createMachine } from 'xstate'
import { toMermaid } from '../../mermaid/index.js'
import type { Chart, ChartState, ChartTransition } from './chart.js'

/**
 * A chart as Mermaid text, equal to what `toMermaid` returns for the machine. Undefined if XState rejects the definition,
 * which may come from any program.
 */
export function chartToMermaid(chart: Chart): string | undefined {
  try {
    return toMermaid(toMachine(chart))
  } catch {
    return undefined
  }
}

/** A machine with the states and transitions of the chart, and no actions. */
function toMachine(chart: Chart): AnyStateMachine {
  const states = [...chart.states.values()]
  // The diagram shows the id of the root. The generated ids begin with it, so that none equals it.
  const rootId = chart.root.key
  const ids = new Map(states.map((state, i) => [state, state === chart.root ? rootId : `${rootId} ${i}`]))
  const targetOf = (state: ChartState) => `#${(ids.get(state) ?? '').replaceAll(/[\\.]/g, '\\$&')}`
  const configOf = (state: ChartState): object => ({
    id: ids.get(state),
    ...(state.type === 'atomic' || state.type === 'compound' ? {} : { type: state.type }),
    ...(state.type === 'compound' ? { initial: initialKey(state) } : {}),
    ...transitionConfigs(state, targetOf),
    states: Object.fromEntries(state.children.map(child => [child.key, configOf(child)])),
  })
  return createMachine(configOf(chart.root))
}

/** XState requires an initial state, so an unknown one is replaced by the first child. */
function initialKey({ initial, children }: ChartState): string | undefined {
  return (children.find(({ key }) => key === initial) ?? children[0])?.key
}

type EventPrefixes = Readonly<Partial<Record<ChartTransition['kind'], string>>>

/** The transitions of a state under XState's event types, in XState's order. */
function transitionConfigs(state: ChartState, targetOf: (state: ChartState) => string): object {
  const always = state.transitions.filter(({ kind, trigger }) => kind === 'always' || trigger === '')
  const others = state.transitions.filter(it => !always.includes(it))
  const tableOf = (prefixes: EventPrefixes) => {
    const table: Record<string, object[]> = Object.create(null)
    for (const transition of others) {
      const prefix = prefixes[transition.kind]
      if (prefix === undefined) continue
      const event = `${prefix}${transition.trigger}`
      table[event] = [...(table[event] ?? []), transitionConfig(transition, targetOf)]
    }
    return table
  }
  const actorEvents = { done: 'xstate.done.actor.', error: 'xstate.error.actor.', snapshot: 'xstate.snapshot.' }
  return {
    always: always.map(it => transitionConfig(it, targetOf)),
    on: { ...tableOf({ event: '' }), ...tableOf(actorEvents) },
    after: tableOf({ after: '' }),
  }
}

function transitionConfig({ guard, to }: ChartTransition, targetOf: (state: ChartState) => string): object {
  return { ...(to.length === 0 ? {} : { target: to.map(targetOf) }), ...(guard === undefined ? {} : { guard }) }
}
