/** Formats a time as `12:34:56.789`. */
export function formatTime(time: number): string {
  if (Number.isNaN(time)) return '–'
  const date = new Date(time)
  const twoDigits = (n: number) => String(n).padStart(2, '0')
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`
}

const MAX_JSON_CHARACTERS = 100_000

/** Any value as indented JSON, truncated with a note if it is very long. */
export function formatJson(value: unknown): string {
  const text = JSON.stringify(value, replaceActorRef, 2) ?? 'undefined'
  return text.length <= MAX_JSON_CHARACTERS
    ? text
    : `${text.slice(0, MAX_JSON_CHARACTERS)}\n… and ${text.length - MAX_JSON_CHARACTERS} characters more`
}

/** XState serializes an actor as an object with the key `xstate$$type`. */
function replaceActorRef(_key: string, value: unknown): unknown {
  const isActor = typeof value === 'object' && value !== null && 'xstate$$type' in value && 'id' in value
  return isActor ? `[actor ${String(value.id)}]` : value
}

const MAX_PERCENT_CHARACTERS = 5

/** A percentage for places with little room: `10 %`, and `33.3… %` for one with many digits. */
export function formatShare(percent: number): string {
  const text = String(percent)
  return `${text.length <= MAX_PERCENT_CHARACTERS ? text : `${text.slice(0, MAX_PERCENT_CHARACTERS - 1)}…`} %`
}

/** The version in the name of the actor of a version; undefined for other actors. */
export function versionOf(name: string): string | undefined {
  return /^version (.+)$/.exec(name)?.[1]
}

/**
 * The name of an actor for places with little room: without the prefix of our own actors.
 *
 * @param version - that of the actor above it: `supervisor markdown 1.0.0` is a `supervisor` below 1.0.0, and
 * `supervisor markdown 1.0.0 #2` a `supervisor #2`
 */
export function shortName(name: string, version?: string): string {
  const [, kind, full = '', instance = ''] = /^(pool|supervisor|connection) (.*?)( #\d+)?$/s.exec(name) ?? []
  if (kind !== undefined && version !== undefined && ` ${full}`.endsWith(` ${version}`)) return `${kind}${instance}`
  return name.replace(/^(?:aggregate|version) (?=.)/, '')
}
