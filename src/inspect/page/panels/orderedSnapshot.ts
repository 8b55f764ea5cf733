import { fieldsOf } from '../chart/definition.js'
import type { Snapshot } from '../data/receivedMessage.js'

/** First what is looked for first. */
const FIRST = ['value', 'context', 'output', 'error', 'status']

/** A snapshot as it is read: state and context first; children last, by name; without what is empty. */
export function shownSnapshot(snapshot: Snapshot): object {
  const { children, ...rest } = fieldsOf(snapshot)
  const others = Object.keys(rest).filter(key => !FIRST.includes(key))
  const fields = [...FIRST, ...others].map((key): [string, unknown] => [key, rest[key]])
  const isSaid = ([key, value]: readonly [string, unknown]) =>
    FIRST.includes(key) ? value !== undefined : !isEmpty(value)
  const names = Object.keys(fieldsOf(children))
  return { ...Object.fromEntries(fields.filter(isSaid)), ...(names.length === 0 ? {} : { children: names }) }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}
