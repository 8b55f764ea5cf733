import { type AnyStateMachine, createMachine } from 'xstate'
import { toMermaid } from '../../mermaid/toMermaid.js'
import type { Chart, ChartState, ChartTransition } from './chart.js'

/**
 * A chart as Mermaid text: what `toMermaid` gives for the machine itself. Undefined if XState would not take it: the
 * definitions of other programs may be anything.
 */
export function mermaidOf(chart: Chart): string | undefined {
  try {
    return toMermaid(machineOf(chart))
  } catch {
    return undefined
  }
}

/** A machine with the states and transitions of the chart, and nothing to do in them. */
function machineOf(chart: Chart): AnyStateMachine {
  const all = [...chart.states.values()]
  const ids = new Map(all.map((state, i) => [state, state === chart.root ? state.key : `state${i}`]))
  const targetOf = (state: ChartState) => `#${(ids.get(state) ?? '').replaceAll(/[\\.]/g, '\\$&')}`
  const configOf = (state: ChartState): object => ({
    id: ids.get(state),
    ...(state.type === 'atomic' || state.type === 'compound' ? {} : { type: state.type }),
    ...(state.type === 'compound' ? { initial: initialOf(state) } : {}),
    ...transitionsOf(state, targetOf),
    states: Object.fromEntries(state.children.map(child => [child.key, configOf(child)])),
  })
  return createMachine(configOf(chart.root))
}

/** XState takes no machine without it. */
function initialOf({ initial, children }: ChartState): string | undefined {
  return (children.find(({ key }) => key === initial) ?? children[0])?.key
}

type Names = Readonly<Partial<Record<ChartTransition['kind'], string>>>

/** The names that XState has for the ends of states and actors, in the order in which it has them. */
function transitionsOf(state: ChartState, targetOf: (state: ChartState) => string): object {
  const always = state.transitions.filter(({ kind, trigger }) => kind === 'always' || trigger === '')
  const others = state.transitions.filter(it => !always.includes(it))
  const table = (names: Names) => {
    const lists: Record<string, object[]> = Object.create(null)
    for (const it of others) {
      const name = names[it.kind]
      if (name === undefined) continue
      const event = `${name}${it.trigger}`
      lists[event] = [...(lists[event] ?? []), written(it, targetOf)]
    }
    return lists
  }
  const ends = { done: 'xstate.done.actor.', error: 'xstate.error.actor.', snapshot: 'xstate.snapshot.' }
  return {
    always: always.map(it => written(it, targetOf)),
    on: { ...table({ event: '' }), ...table(ends) },
    after: table({ after: '' }),
  }
}

function written({ guard, to }: ChartTransition, targetOf: (state: ChartState) => string): object {
  return { ...(to.length === 0 ? {} : { target: to.map(targetOf) }), ...(guard === undefined ? {} : { guard }) }
}
