import { asRecord } from '../data/index.js'
import type { Chart, ChartState, StateType } from './chart.js'
import { parseTransitions, type StateConfig, type TransitionConfig } from './definition.js'
import { resolveTarget } from './resolveTarget.js'

const DECLARED_TYPES: readonly unknown[] = ['parallel', 'final', 'history']
const MAX_STATES = 2_000

/** Parses a definition; undefined if it has no states, since not every actor is a machine. */
export function parseChart(definition: string | undefined): Chart | undefined {
  const config = parseDefinition(definition)
  if (Object.keys(asRecord(config['states'])).length === 0) return undefined
  const states = new Map<string, ChartState>()
  const configs = new Map<ChartState, StateConfig>()
  const rootKey = typeof config['id'] === 'string' ? config['id'] : '(machine)'
  const add = (key: string, stateConfig: StateConfig, parent: ChartState | undefined): ChartState | undefined => {
    if (states.size >= MAX_STATES) return undefined
    const state = createState(key, stateConfig, parent)
    states.set(state.path, state)
    configs.set(state, stateConfig)
    for (const [childKey, childConfig] of Object.entries(asRecord(stateConfig.states))) {
      const child = add(childKey, asRecord(childConfig), state)
      if (child !== undefined) state.children.push(child)
    }
    return state
  }
  const root = add(rootKey, config, undefined)
  if (root === undefined) return undefined
  const byId = new Map([...states.values()].map(state => [state.id, state]))
  for (const [state, stateConfig] of configs) {
    for (const [index, transition] of parseTransitions(stateConfig, state.id).entries()) {
      const to = transition.targets.flatMap(target => resolveTarget(target, state, root, byId) ?? [])
      const isFallback = state.transitions.some(({ kind }) => kind === 'always')
      const label = transitionLabel(transition, isFallback)
      state.transitions.push({ ...transition, id: `${state.path}#${index}`, source: state, to, label })
    }
  }
  return { root, states, transitions: [...states.values()].flatMap(state => state.transitions) }
}

function parseDefinition(definition: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return asRecord(JSON.parse(definition ?? 'null'))
  } catch {
    return {}
  }
}

function createState(key: string, config: StateConfig, parent: ChartState | undefined): ChartState {
  const path = parent === undefined ? '' : parent.path === '' ? key : `${parent.path}.${key}`
  const hasStates = Object.keys(asRecord(config.states)).length > 0
  const initial = typeof config.initial === 'string' ? config.initial : asRecord(config.initial)['target']
  return {
    path,
    key,
    id: typeof config.id === 'string' ? config.id : parent === undefined ? key : `${rootOf(parent).id}.${path}`,
    type: DECLARED_TYPES.includes(config.type) ? (config.type as StateType) : hasStates ? 'compound' : 'atomic',
    initial: typeof initial === 'string' ? initial.replace(/^\./, '') : undefined,
    description: typeof config.description === 'string' ? config.description : undefined,
    parent,
    children: [],
    transitions: [],
  }
}

function rootOf(state: ChartState): ChartState {
  return state.parent === undefined ? state : rootOf(state.parent)
}

/** @param isFallback - whether `always` transitions with guards come before it */
function transitionLabel({ kind, trigger, guard }: TransitionConfig, isFallback: boolean): string {
  if (kind === 'always' && guard === undefined) return isFallback ? 'otherwise' : 'always'
  const name =
    kind === 'event' ? (trigger === '*' ? 'any event' : trigger) : kind === 'always' ? '' : `${kind} ${trigger}`
  const withUnit = kind === 'after' && /^\d+$/.test(trigger) ? `${name} ms` : name
  return [withUnit, guard === undefined ? '' : `[${guard}]`].filter(part => part !== '').join(' ') || 'always'
}
