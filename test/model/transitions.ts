import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate'
import { statesOf } from '../../src/inspect/mermaid/transitions.js'

/** All transitions in the source of a machine, with `always` and `after`. */
export function writtenTransitions(machine: AnyStateMachine): AnyTransitionDefinition[] {
  return statesOf(machine).flatMap(node => [...node.transitions.values(), node.always ?? []].flat())
}

/** The state of a machine that has at most two levels: `up.idle`. */
export function pathOf({ value }: { readonly value: string | object }): string {
  return typeof value === 'string' ? value : Object.entries(value).flat().join('.')
}

/** The name of a transition, `state: event [guard]`. It is unique in our machines. */
export function nameOf(transition: TransitionLike): string {
  const condition = guardOf(transition)
  const suffix = condition === null ? '' : ` [${condition}]`
  return `${transition.source.id}: ${transition.eventType || 'always'}${suffix}`
}

interface TransitionLike {
  readonly source: { readonly id: string }
  readonly eventType: string
  readonly guard?: unknown
}

function guardOf({ guard }: TransitionLike): string | null {
  return typeof guard === 'string' ? guard : ((guard as { type?: string } | undefined)?.type ?? null)
}

/** All outcomes of the guards in the source of a machine: each guard true, and each false. */
export function writtenOutcomes(machine: AnyStateMachine): string[] {
  const guarded = writtenTransitions(machine).filter(transition => guardOf(transition) !== null)
  return guarded.flatMap(transition => [outcome(transition, true), outcome(transition, false)])
}

/**
 * The outcomes of guards that the transitions of a step imply. A guard was false if a transition after it in the source was
 * taken, if an outer state handled the event, or if its `always` transition does not leave the last state of the step.
 */
export function outcomesOf(
  from: AnyMachineSnapshot,
  event: AnyEventObject,
  to: AnyMachineSnapshot,
  taken: readonly AnyTransitionDefinition[],
): string[] {
  const outcomes: string[] = []
  const ask = (candidates: readonly AnyTransitionDefinition[], among = taken): boolean => {
    const names = new Set(among.map(nameOf))
    for (const candidate of candidates) {
      const isTaken = names.has(nameOf(candidate))
      if (guardOf(candidate) !== null) outcomes.push(outcome(candidate, isTaken))
      if (isTaken) return true
    }
    return false
  }
  for (const node of innermostFirst(from)) if (ask(node.transitions.get(event.type) ?? [])) break
  for (const one of taken) if (one.eventType === '') ask(one.source.always ?? [], [one])
  for (const { always } of innermostFirst(to)) for (const one of always ?? []) outcomes.push(outcome(one, false))
  return outcomes
}

function outcome(transition: AnyTransitionDefinition, isTrue: boolean): string {
  return `${nameOf(transition)} ${isTrue}`
}

function innermostFirst({ _nodes }: AnyMachineSnapshot): AnyStateNode[] {
  return [..._nodes].sort((a, b) => b.path.length - a.path.length)
}
