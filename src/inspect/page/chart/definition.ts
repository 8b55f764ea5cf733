/** What the page reads of the JSON of a machine's config. */
export interface StateConfig {
  readonly id?: unknown
  readonly type?: unknown
  readonly initial?: unknown
  readonly history?: unknown
  readonly description?: unknown
  readonly states?: unknown
  readonly on?: unknown
  readonly always?: unknown
  readonly after?: unknown
  readonly onDone?: unknown
  readonly invoke?: unknown
}

/** What takes a transition: an event, nothing but its guard, time, or the end or the news of something. */
type TransitionKind = 'event' | 'always' | 'after' | 'done' | 'error' | 'snapshot'

/** One transition, as it is written. */
export interface TransitionConfig {
  readonly kind: TransitionKind
  /** The event, the delay, or the id of what ends. */
  readonly trigger: string
  readonly targets: readonly string[]
  readonly guard: string | undefined
  readonly description: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** An object that is no array; of anything else, one without properties. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {}
}

/** One or several as several; none for null, as a function becomes in JSON, and for nothing. */
function listOf(value: unknown): unknown[] {
  return (Array.isArray(value) ? value : [value]).filter(it => it !== undefined && it !== null)
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

function guardOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  const name = textOf(value) ?? textOf(fieldsOf(value)['type'])
  return name === undefined || name === '' ? 'guard' : name
}

function transition(kind: TransitionKind, trigger: string, value: unknown): TransitionConfig {
  if (typeof value === 'string') return { kind, trigger, targets: [value], guard: undefined, description: undefined }
  const { target, guard, cond, description } = fieldsOf(value)
  const targets = listOf(target).filter(it => typeof it === 'string')
  return { kind, trigger, targets, guard: guardOf(guard ?? cond), description: textOf(description) }
}

/** All transitions of one state, in the order in which they are tried. */
export function transitionsOf(state: StateConfig, id: string): TransitionConfig[] {
  const of = (kind: TransitionKind, trigger: string, value: unknown) =>
    listOf(value).map(it => transition(kind, trigger, it))
  const each = (kind: TransitionKind, table: unknown) =>
    Object.entries(fieldsOf(table)).flatMap(([trigger, value]) => of(kind, trigger, value))
  const invoked = listOf(state.invoke).flatMap((value, index) => {
    const invoke = fieldsOf(value)
    const name = textOf(invoke['id']) ?? textOf(invoke['src']) ?? `${index}.${id}`
    return [
      ...of('done', name, invoke['onDone']),
      ...of('error', name, invoke['onError']),
      ...of('snapshot', name, invoke['onSnapshot']),
    ]
  })
  return [
    ...of('always', '', state.always),
    ...each('event', state.on),
    ...each('after', state.after),
    ...of('done', id, state.onDone),
    ...invoked,
  ]
}
