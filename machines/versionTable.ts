/** Which versions an aggregate has, and what each is doing, as plain data. */

/** The state of a version in an aggregate. A version that has stopped has none. */
export type VersionState = 'provisioned' | 'starting' | 'running' | 'stopping'

/** Every version in the aggregate and the state that it last reported. */
export type VersionTable = Readonly<Record<string, VersionState>>

/** An object with a version table, such as the context of the aggregate machine. */
export interface HasVersions {
  /** Every version in the aggregate and the state that it last reported. */
  readonly versions: VersionTable
}

/** The state of one version; undefined if the aggregate does not have it. */
export function stateOf({ versions }: HasVersions, version: string): VersionState | undefined {
  return versions[version]
}

/** All versions, in the order in which they were added. */
export function versionsOf({ versions }: HasVersions): string[] {
  return Object.keys(versions)
}

/** The table with one version in another state, or with one more. */
export function withVersion(versions: VersionTable, version: string, state: VersionState): VersionTable {
  return { ...versions, [version]: state }
}

/** The table without one version. */
export function withoutVersion(versions: VersionTable, version: string): VersionTable {
  const { [version]: _left, ...others } = versions
  return others
}
