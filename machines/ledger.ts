/**
 * Which versions there are, and what each is doing, so that one more or one less costs the same among two and among a
 * thousand: a change copies one page, never all of them. Up to a page of versions is one plain record.
 */

/** What a version in an aggregate is doing; a version that has stopped is in none. */
export type VersionState = 'provisioned' | 'starting' | 'running' | 'stopping'

type Page = Readonly<Record<string, VersionState>>

/** Every version in the aggregate and what it last reported of itself, as plain JSON; of many, in pages. */
export interface Ledger {
  /** The first page, and the only one as long as it has room. */
  readonly versions: Page
  /** The versions that the first page had no room for; none of these pages is empty. */
  readonly furtherVersions: readonly Page[]
}

const PAGE_SIZE = 32

/** What the version is doing; undefined if it is not there. */
export function stateOf({ versions, furtherVersions }: Ledger, version: string): VersionState | undefined {
  return versions[version] ?? furtherVersions.find(page => version in page)?.[version]
}

/** All versions, in no order that means anything. */
export function versionsOf({ versions, furtherVersions }: Ledger): string[] {
  return [versions, ...furtherVersions].flatMap(page => Object.keys(page))
}

/** The ledger with one version in another state, or with one more. */
export function mark(ledger: Ledger, version: string, state: VersionState): Ledger {
  const { versions, furtherVersions } = ledger
  const at = furtherVersions.findIndex(page => version in page)
  if (at !== -1) return replacePage(ledger, at, { ...furtherVersions[at], [version]: state })
  if (version in versions || hasRoom(versions)) {
    return { versions: { ...versions, [version]: state }, furtherVersions }
  }
  const last = furtherVersions.at(-1)
  if (last === undefined || !hasRoom(last)) {
    return { versions, furtherVersions: [...furtherVersions, { [version]: state }] }
  }
  return replacePage(ledger, furtherVersions.length - 1, { ...last, [version]: state })
}

/** The ledger without one version. */
export function strike(ledger: Ledger, version: string): Ledger {
  const { versions, furtherVersions } = ledger
  if (version in versions) return { versions: omit(versions, version), furtherVersions }
  const at = furtherVersions.findIndex(page => version in page)
  return at === -1 ? { versions, furtherVersions } : replacePage(ledger, at, omit(furtherVersions[at] ?? {}, version))
}

function omit(page: Page, version: string): Page {
  const { [version]: _gone, ...rest } = page
  return rest
}

function hasRoom(page: Page): boolean {
  return Object.keys(page).length < PAGE_SIZE
}

/** A page on which nothing is left goes. */
function replacePage({ versions, furtherVersions }: Ledger, at: number, page: Page): Ledger {
  const replacement = Object.keys(page).length === 0 ? [] : [page]
  return {
    versions,
    furtherVersions: [...furtherVersions.slice(0, at), ...replacement, ...furtherVersions.slice(at + 1)],
  }
}
