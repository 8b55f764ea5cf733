import { type ActorSnapshot, asRecord } from '../data/index.js'

const FIRST_FIELDS = ['value', 'context', 'output', 'error', 'status']

/** A snapshot in the order in which people read it: state and context first, the names of the children last. Omits empty fields. */
export function orderedSnapshot(snapshot: ActorSnapshot): object {
  const { children, ...rest } = asRecord(snapshot)
  const others = Object.keys(rest).filter(key => !FIRST_FIELDS.includes(key))
  const fields = [...FIRST_FIELDS, ...others].map((key): [string, unknown] => [key, rest[key]])
  const isShown = ([key, value]: readonly [string, unknown]) =>
    FIRST_FIELDS.includes(key) ? value !== undefined : !isEmpty(value)
  const childNames = Object.keys(asRecord(children))
  return { ...Object.fromEntries(fields.filter(isShown)), ...(childNames.length === 0 ? {} : { children: childNames }) }
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
}
