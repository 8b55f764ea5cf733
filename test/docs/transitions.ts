import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'

/** One written transition of a machine, in words. */
export interface TransitionRow {
  readonly definition: AnyTransitionDefinition
  readonly node: AnyStateNode
  /** `stopping.draining`; empty for the whole machine. */
  readonly state: string
  /** `host.stopped`, `after drainTimeout`, or empty for `always`. */
  readonly event: string
  readonly guard: string
  /** Null when the state does not change. */
  readonly target: AnyStateNode | null
  readonly actions: readonly string[]
  readonly description: string
}

export function statesOf(machine: AnyStateMachine): AnyStateNode[] {
  const walk = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(walk)]
  return walk(machine.root)
}

export function rowsOf(machine: AnyStateMachine): TransitionRow[] {
  return statesOf(machine).flatMap(node => {
    const always = (node.always ?? []).map(transition => rowOf(node, transition, ''))
    const on = [...node.transitions].flatMap(([type, list]) => list.map(it => rowOf(node, it, eventOf(type, node.id))))
    return [...always, ...on]
  })
}

function rowOf(node: AnyStateNode, transition: AnyTransitionDefinition, event: string): TransitionRow {
  const { guard, target, actions, description } = transition
  return {
    definition: transition,
    node,
    state: pathOf(node),
    event,
    guard: typeof guard === 'string' ? guard : ((guard as { type?: string } | undefined)?.type ?? ''),
    target: target?.[0] ?? null,
    actions: actions.map(actionName).filter(name => !name.startsWith('xstate.')),
    description: description ?? '',
  }
}

export function pathOf(node: AnyStateNode): string {
  return node.path.join('.')
}

function eventOf(type: string, nodeId: string): string {
  return type.startsWith('xstate.after.') ? `after ${type.slice('xstate.after.'.length, -nodeId.length - 1)}` : type
}

function actionName(action: unknown): string {
  if (typeof action === 'string') return action
  return String((action as { type?: unknown }).type)
}
