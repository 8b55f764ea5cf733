import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

/** One transition of a machine, as text. */
export interface TransitionRow {
  /** XState's definition of it. */
  readonly definition: AnyTransitionDefinition
  /** The state that declares it. */
  readonly node: AnyStateNode
  /** The path of that state, such as `stopping.draining`; empty for the root. */
  readonly state: string
  /** `host.stopped`, `after drainTimeout`, `done`, or empty for `always`. */
  readonly event: string
  /** The name of its guard; empty if it has none. */
  readonly guard: string
  /** Null if the state does not change. */
  readonly target: AnyStateNode | null
  /** The names of its actions, in order. */
  readonly actions: readonly string[]
  /** Empty if it has none. */
  readonly description: string
}

/** The states of a machine, parents before children, beginning with the root. */
export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const walk = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(walk)]
  return walk(machine.root)
}

/** The transitions of a machine in the order of their declaration. One with several targets has a row for each. */
export function rowsOf(machine: AnyStateMachine): TransitionRow[] {
  return statesOf(machine).flatMap(node => {
    const always = (node.always ?? []).flatMap(transition => rowsFor(node, transition, ''))
    const on = [...node.transitions].flatMap(([type, list]) =>
      list.flatMap(it => rowsFor(node, it, eventName(type, node.id))),
    )
    return [...always, ...on]
  })
}

function rowsFor(node: AnyStateNode, definition: AnyTransitionDefinition, event: string): TransitionRow[] {
  const { guard, target, actions, description } = definition
  const row = {
    definition,
    node,
    state: pathOf(node),
    event,
    guard: guardName(guard),
    actions: actions.map(actionName).filter(name => !name.startsWith('xstate.')),
    description: description ?? '',
  }
  const targets: readonly (AnyStateNode | null)[] = target === undefined || target.length === 0 ? [null] : target
  return targets.map(target => ({ ...row, target }))
}

/** The path of a state, such as `stopping.draining`; empty for the root. */
export function pathOf(node: AnyStateNode): string {
  return node.path.join('.')
}

/** XState's internal event types in short: `after drainTimeout`, `done`. */
function eventName(type: string, nodeId: string): string {
  if (type.startsWith('xstate.after.')) return `after ${type.slice('xstate.after.'.length, -nodeId.length - 1)}`
  return type.replace(/^xstate\.(done|error|snapshot)\.(?:state|actor)?\.?.*$/, '$1')
}

function guardName(guard: unknown): string {
  if (guard === undefined || guard === null) return ''
  if (typeof guard === 'string') return guard
  if (typeof guard === 'function') return guard.name || 'guard'
  return String((guard as { type?: unknown }).type ?? 'guard')
}

function actionName(action: unknown): string {
  if (typeof action === 'string') return action
  return String((action as { type?: unknown }).type)
}
