import { fieldsOf, type StateConfig, type TransitionConfig, transitionsOf } from './definition.js'

/** What a state is. */
type StateType = 'atomic' | 'compound' | 'parallel' | 'final' | 'history'

/** A state of a chart. */
export interface ChartState {
  /** From the root, joined by dots; the root's is empty. */
  readonly path: string
  readonly key: string
  /** As machines name it: `machine.a.b`, unless it has an id of its own. */
  readonly id: string
  readonly type: StateType
  readonly initial: string | undefined
  readonly description: string | undefined
  readonly parent: ChartState | undefined
  readonly children: ChartState[]
  readonly transitions: ChartTransition[]
}

/** A transition of a chart; without targets it changes no state. */
export interface ChartTransition extends TransitionConfig {
  readonly id: string
  readonly source: ChartState
  readonly to: readonly ChartState[]
  /** What is written on it: `event [guard]`. */
  readonly label: string
}

/** A statechart, ready to be laid out. */
export interface Chart {
  readonly root: ChartState
  /** By path, parents before children. */
  readonly states: ReadonlyMap<string, ChartState>
  readonly transitions: readonly ChartTransition[]
}

const TYPES: readonly unknown[] = ['parallel', 'final', 'history']
const MAX_STATES = 2_000

/** The chart in a definition, or undefined if there is none: not every actor is a machine. */
export function chartOf(definition: string | undefined): Chart | undefined {
  const config = parse(definition)
  if (Object.keys(fieldsOf(config['states'])).length === 0) return undefined
  const states = new Map<string, ChartState>()
  const configs = new Map<ChartState, StateConfig>()
  const id = typeof config['id'] === 'string' ? config['id'] : '(machine)'
  const add = (key: string, state: StateConfig, parent: ChartState | undefined): ChartState | undefined => {
    if (states.size >= MAX_STATES) return undefined
    const made = makeState(key, state, parent)
    states.set(made.path, made)
    configs.set(made, state)
    for (const [name, inner] of Object.entries(fieldsOf(state.states))) {
      const child = add(name, fieldsOf(inner), made)
      if (child !== undefined) made.children.push(child)
    }
    return made
  }
  const root = add(id, config, undefined)
  if (root === undefined) return undefined
  const byId = new Map([...states.values()].map(state => [state.id, state]))
  for (const [state, source] of configs) {
    for (const [index, transition] of transitionsOf(source, state.id).entries()) {
      const to = transition.targets.flatMap(target => resolve(target, state, root, byId) ?? [])
      state.transitions.push({
        ...transition,
        id: `${state.path}#${index}`,
        source: state,
        to,
        label: labelOf(transition, isAfterGuards(state.transitions)),
      })
    }
  }
  return { root, states, transitions: [...states.values()].flatMap(state => state.transitions) }
}

function parse(definition: string | undefined): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(definition ?? 'null'))
  } catch {
    return {}
  }
}

function makeState(key: string, config: StateConfig, parent: ChartState | undefined): ChartState {
  const path = parent === undefined ? '' : parent.path === '' ? key : `${parent.path}.${key}`
  const hasStates = Object.keys(fieldsOf(config.states)).length > 0
  const initial = typeof config.initial === 'string' ? config.initial : fieldsOf(config.initial)['target']
  return {
    path,
    key,
    id: typeof config.id === 'string' ? config.id : parent === undefined ? key : `${rootOf(parent).id}.${path}`,
    type: TYPES.includes(config.type) ? (config.type as StateType) : hasStates ? 'compound' : 'atomic',
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

/** What a target names: `#id`, `#id.child`, `.child`, a sibling, or a sibling's descendant. */
function resolve(
  target: string,
  source: ChartState,
  root: ChartState,
  byId: ReadonlyMap<string, ChartState>,
): ChartState | undefined {
  if (target.startsWith('#')) return resolveId(target.slice(1), byId)
  if (target.startsWith('.')) return descend(source, target.slice(1))
  return descend(source.parent ?? root, target)
}

function resolveId(text: string, byId: ReadonlyMap<string, ChartState>): ChartState | undefined {
  const exact = byId.get(text)
  if (exact !== undefined) return exact
  const [id = '', ...keys] = keysIn(text)
  const state = byId.get(id)
  return state === undefined || keys.length === 0 ? state : under(state, keys)
}

function descend(from: ChartState, path: string): ChartState | undefined {
  return from.children.find(({ key }) => key === path) ?? under(from, keysIn(path))
}

function under(from: ChartState, keys: readonly string[]): ChartState | undefined {
  const [first, ...rest] = keys
  const child = from.children.find(({ key }) => key === first)
  return child === undefined || rest.length === 0 ? child : under(child, rest)
}

/** The keys between the dots; a backslash takes the meaning from the sign after it. */
function keysIn(path: string): string[] {
  return [...path.matchAll(/(?:^|\.)((?:[^.\\]|\\.)*)/gs)].map(([, key = '']) => key.replaceAll(/\\(.)/gs, '$1'))
}

/** Whether others were tried before, and only then one without a guard. */
function isAfterGuards(before: readonly TransitionConfig[]): boolean {
  return before.some(({ kind }) => kind === 'always')
}

function labelOf({ kind, trigger, guard }: TransitionConfig, isLast: boolean): string {
  if (kind === 'always' && guard === undefined) return isLast ? 'otherwise' : 'always'
  const name =
    kind === 'event' ? (trigger === '*' ? 'any event' : trigger) : kind === 'always' ? '' : `${kind} ${trigger}`
  const delay = kind === 'after' && /^\d+$/.test(trigger) ? `${name} ms` : name
  return [delay, guard === undefined ? '' : `[${guard}]`].filter(part => part !== '').join(' ') || 'always'
}
