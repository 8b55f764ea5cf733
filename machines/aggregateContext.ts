/** The context of the aggregate machine, and the pure queries and updates on it. */
import { type HasVersions, stateOf, type VersionState, withoutVersion } from './versionTable.js'

/** The active and next version, by their canonical text; null for none. */
export interface VersionPair {
  /** Serves calls. */
  readonly active: string | null
  /** Started in advance, to take over. */
  readonly next: string | null
}

/** `sequential`: the old version is down before the new one takes calls. `overlap`: a running next takes over at once. */
export type Handover = 'sequential' | 'overlap'

/** The input of the aggregate machine. */
export interface AggregateInput {
  /** How the active version makes way for the next. */
  readonly handover: Handover
  /** Passed on to every version, in ms. */
  readonly drainTimeout: number
  /** Passed on to every version, in ms. */
  readonly stopTimeout: number
}

/** The context of the aggregate machine, as plain JSON. */
export interface AggregateContext extends AggregateInput, VersionPair, HasVersions {
  /** The version that was active and still drains while its successor is active already (overlap only). */
  readonly leaving: string | null
  /** The pair that `setVersion` or a swap last asked for. */
  readonly wanted: VersionPair
  /** The percentage of new calls that goes to the next version. Each change of active or next sets it to 0 (rule 26). */
  readonly share: number
}

export function initialContext(input: AggregateInput): AggregateContext {
  const none = { active: null, next: null }
  return { ...input, ...none, versions: {}, leaving: null, wanted: none, share: 0 }
}

/** Rule 7: next equal to active means no next; a next without an active becomes the active, unless `promote` is false. */
export function wantedPair({
  active,
  next,
  promote = true,
}: VersionPair & { readonly promote?: boolean }): VersionPair {
  if (active === null) return promote ? { active: next, next: null } : { active, next }
  return { active, next: next === active ? null : next }
}

export function isKnown(context: AggregateContext, version: string): boolean {
  return stateOf(context, version) !== undefined
}

function isWanted({ wanted }: AggregateContext, version: string | null): boolean {
  return version === wanted.active || version === wanted.next
}

export function isNewAndWanted(context: AggregateContext, version: string): boolean {
  return !isKnown(context, version) && isWanted(context, version)
}

export function isIn(context: AggregateContext, version: string | null, state: VersionState): boolean {
  return version !== null && stateOf(context, version) === state
}

export function isProvisioned(context: AggregateContext, version: string | null): boolean {
  return isIn(context, version, 'provisioned')
}

/** Only a version that was never started and is not wanted can be taken out. */
export function isRemovable(context: AggregateContext, version: string | null): boolean {
  return isProvisioned(context, version) && !isWanted(context, version)
}

export function allDown({ active, next, leaving }: AggregateContext): boolean {
  return active === null && next === null && leaving === null
}

/** The versions to stop when the aggregate stops, in order. The successor of a version that leaves follows it later. */
export function toTearDown({ active, next, leaving }: AggregateContext): string[] {
  return [leaving === null ? active : null, next].filter(version => version !== null)
}

/** The wanted versions that the aggregate does not have: nobody has added them, or they have left. */
export function postponed(context: HasVersions & Pick<AggregateContext, 'wanted'>): string[] {
  const { active, next } = context.wanted
  return [active, next].filter(version => version !== null).filter(version => stateOf(context, version) === undefined)
}

/**
 * The versions of a wanted pair that would be postponed: nobody has added them, they are stopping, or they are active and
 * have to leave before they could become next.
 */
export function wouldBePostponed(context: AggregateContext, pair: VersionPair): string[] {
  const { active, next } = wantedPair(pair)
  const isToLeave = (version: string) => version === context.active && version !== active
  return [active, next]
    .filter(version => version !== null)
    .filter(version => !isKnown(context, version) || isIn(context, version, 'stopping') || isToLeave(version))
}

/** The next version is wanted as active and is running, so it may take over before the old one is down. */
export function nextCanOvertake(context: AggregateContext): boolean {
  const { handover, active, next, wanted } = context
  if (handover !== 'overlap' || active === null || next === null) return false
  return next === wanted.active && isIn(context, next, 'running')
}

/** Rules 23 and 24: in a settled aggregate, the active version in any state and a next that runs can change places. */
export function canSwap(context: AggregateContext): boolean {
  return context.active !== null && isIn(context, context.next, 'running')
}

/** Whether a next version is in place that does not leave, so that it can have a share (rule 26). */
export function nextStays(context: AggregateContext): boolean {
  return context.next !== null && !isIn(context, context.next, 'stopping')
}

/** The changes of the context when other versions become active and next: the share belonged to the pair before (rule 26). */
export function withRoles({ active, next }: VersionPair) {
  return { active, next, share: 0 }
}

/** The changes of the context when active and next change places. */
export function exchanged({ active, next }: VersionPair) {
  const pair = { active: next, next: active }
  return { ...withRoles(pair), wanted: pair }
}

/** The changes of the context when a version has left. */
export function afterLeaving(context: AggregateContext, version: string) {
  const { active, next, leaving } = context
  const keep = (role: string | null) => (role === version ? null : role)
  const isInPlace = version === active || version === next
  return {
    ...(isInPlace ? withRoles({ active: keep(active), next: keep(next) }) : {}),
    versions: withoutVersion(context.versions, version),
    leaving: keep(leaving),
  }
}
