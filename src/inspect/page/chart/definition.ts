import { asRecord } from '../data/index.js'

/** The fields of a state in the JSON of a machine's config that the page reads. */
export interface StateConfig {
  readonly id?: unknown
  readonly type?: unknown
  readonly initial?: unknown
  readonly description?: unknown
  readonly states?: unknown
  readonly on?: unknown
  readonly always?: unknown
  readonly after?: unknown
  readonly onDone?: unknown
  readonly invoke?: unknown
}

/** The trigger of a transition. `done`, `error` and `snapshot` come from an invoked actor, or `done` from a final state. */
type TriggerKind = 'event' | 'always' | 'after' | 'done' | 'error' | 'snapshot'

/** A transition as a config declares it. */
export interface TransitionConfig {
  readonly kind: TriggerKind
  /** The event, the delay, or the id of the actor or the state. */
  readonly trigger: string
  readonly targets: readonly string[]
  readonly guard: string | undefined
  readonly description: string | undefined
}

/** The transitions of a state, in the order in which XState tries them. */
export function parseTransitions(state: StateConfig, id: string): TransitionConfig[] {
  const parse = (kind: TriggerKind, trigger: string, value: unknown) =>
    asList(value).map(it => parseTransition(kind, trigger, it))
  const parseTable = (kind: TriggerKind, table: unknown) =>
    Object.entries(asRecord(table)).flatMap(([trigger, value]) => parse(kind, trigger, value))
  const invoked = asList(state.invoke).flatMap((value, index) => {
    const invoke = asRecord(value)
    const actorId = asString(invoke['id']) ?? asString(invoke['src']) ?? `${index}.${id}`
    return [
      ...parse('done', actorId, invoke['onDone']),
      ...parse('error', actorId, invoke['onError']),
      ...parse('snapshot', actorId, invoke['onSnapshot']),
    ]
  })
  return [
    ...parse('always', '', state.always),
    ...parseTable('event', state.on),
    ...parseTable('after', state.after),
    ...parse('done', id, state.onDone),
    ...invoked,
  ]
}

function parseTransition(kind: TriggerKind, trigger: string, value: unknown): TransitionConfig {
  if (typeof value === 'string') return { kind, trigger, targets: [value], guard: undefined, description: undefined }
  const { target, guard, cond, description } = asRecord(value)
  const targets = asList(target).filter(it => typeof it === 'string')
  return { kind, trigger, targets, guard: guardName(guard ?? cond), description: asString(description) }
}

function guardName(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const name = asString(value) ?? asString(asRecord(value)['type'])
  return name === undefined || name === '' ? 'guard' : name
}

/** A value or an array of values as an array, without undefined, and without null, which JSON has for a function. */
function asList(value: unknown): unknown[] {
  return (Array.isArray(value) ? value : [value]).filter(it => it !== undefined && it !== null)
}

function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
