import { truncate } from './plainData.js'
import { type Sanitize, type SanitizedKind, sanitized } from './sanitize.js'

/** The fields of a snapshot that XState fills in. All others hold the user's data. */
const XSTATE_FIELDS: readonly string[] = ['status', 'value', 'tags', 'historyValue', 'children']
const SANITIZED_FIELDS: readonly string[] = ['context', 'input', 'output', 'error'] satisfies SanitizedKind[]

/** The shown form of an event: always an object, as viewers expect. */
export function sanitizedEvent(event: unknown, sanitize: Sanitize): unknown {
  const shown = sanitized(event, 'event', sanitize)
  return typeof shown === 'object' && shown !== null ? shown : { ...eventType(event), note: shown }
}

/** The shown form of a snapshot: XState's fields as they are, all others sanitized. */
export function sanitizedSnapshot(snapshot: unknown, sanitize: Sanitize): unknown {
  const shown = snapshotEntries(snapshot)?.map(([key, value]) => {
    if (XSTATE_FIELDS.includes(key) || value === undefined) return [key, value]
    const kind = SANITIZED_FIELDS.includes(key) ? (key as SanitizedKind) : 'context'
    return [key, sanitized(value, kind, sanitize)]
  })
  return shown === undefined ? undefined : Object.fromEntries(shown)
}

/** Only the type of an event. */
export function eventType(event: unknown): { readonly type: string } {
  const type = readProperty(event, 'type')
  return { type: typeof type === 'string' ? truncate(type, 200) : '' }
}

/** Only the status of a snapshot, and these other fields. */
export function snapshotStatus(snapshot: unknown, ...others: readonly string[]): Record<string, unknown> {
  const status = readProperty(snapshot, 'status')
  return {
    status: typeof status === 'string' ? truncate(status, 80) : 'active',
    ...Object.fromEntries(others.map(key => [key, readProperty(snapshot, key)])),
  }
}

/** The actor's current snapshot; undefined if it cannot be read. */
export function currentSnapshot(ref: { getSnapshot(): unknown }): unknown {
  try {
    return ref.getSnapshot()
  } catch {
    return undefined
  }
}

/** As XState serializes a snapshot: without its machine and its functions. */
function snapshotEntries(snapshot: unknown): [string, unknown][] | undefined {
  if (typeof snapshot !== 'object' || snapshot === null) return undefined
  try {
    const { toJSON } = snapshot as { readonly toJSON?: unknown }
    return Object.entries(typeof toJSON === 'function' ? toJSON.call(snapshot) : snapshot)
  } catch {
    return Object.entries(snapshotStatus(snapshot))
  }
}

function readProperty(value: unknown, key: string): unknown {
  try {
    return (value as Record<string, unknown> | null | undefined)?.[key]
  } catch {
    return undefined
  }
}
