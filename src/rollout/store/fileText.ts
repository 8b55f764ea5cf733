import { canonical, describe } from '../../contract/index.js'
import { type RolloutRecord, SAVED_STATES } from './rolloutStore.js'

/** The format of the file that is written here. A later version of the library may write a later one. */
const FORMAT = 1
const FIELDS = ['format', 'permanent', 'previous', 'candidate', 'state', 'since']
const STATES: readonly unknown[] = SAVED_STATES

export function textOf({ permanent, previous, candidate, state, since }: RolloutRecord): string {
  return `${JSON.stringify({ format: FORMAT, permanent, previous, candidate, state, since }, null, 2)}\n`
}

/** Reads the bytes of a file. Returns the problem, as the end of a sentence, if it is not exactly what is written here. */
export function recordOf(bytes: Uint8Array): RolloutRecord | string {
  if (bytes.length === 0) return 'is empty'
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return 'is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'holds no JSON object'
  const fields = value as Readonly<Record<string, unknown>>
  const { format, permanent, previous, candidate, state, since } = fields
  if (Number.isSafeInteger(format) && Number(format) > FORMAT) return `has format ${format}, later than ${FORMAT}`
  if (format !== FORMAT) return `must have the format ${FORMAT}, and has ${describe(format)}`
  const other = Object.keys(fields).find(name => !FIELDS.includes(name))
  if (other !== undefined) return `has an unknown field ${describe(other)}`
  for (const [name, version] of Object.entries({ permanent, previous, candidate }))
    if (!isVersionOrNull(version)) return `must have a SemVer version or null as ${name}, and has ${describe(version)}`
  if (!STATES.includes(state)) return `has an unknown state ${describe(state)}`
  if (!isTime(since)) return `must have an ISO 8601 time as since, and has ${describe(since)}`
  return { permanent, previous, candidate, state, since } as RolloutRecord
}

function isVersionOrNull(value: unknown): boolean {
  if (value === null) return true
  try {
    return canonical(value as string) === value
  } catch {
    return false
  }
}

function isTime(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const time = Date.parse(value)
  return !Number.isNaN(time) && new Date(time).toISOString() === value
}
