import type { HostedVersion } from './hostedVersion.js'
import { CountsByVersion, type VersionCounts } from './versionCounts.js'

/** The versions in an aggregate, and their counters. */
export class HostedVersions<Req, Res> {
  readonly counts = new CountsByVersion()
  readonly #versions = new Map<string, HostedVersion<Req, Res>>()

  get(version: string | null | undefined): HostedVersion<Req, Res> | undefined {
    return version === null || version === undefined ? undefined : this.#versions.get(version)
  }

  all(): HostedVersion<Req, Res>[] {
    return [...this.#versions.values()]
  }

  /** @param make - gets the counters of the version, which goes on counting if it is added again */
  add(version: string, make: (counts: VersionCounts) => HostedVersion<Req, Res>): void {
    this.#versions.set(version, make(this.counts.enter(version)))
  }

  /** Removes a version, unless another one of this name has been added since. */
  remove(hosted: HostedVersion<Req, Res>): void {
    const { version } = hosted
    if (this.#versions.get(version) !== hosted) return
    this.#versions.delete(version)
    this.counts.leave(version)
  }

  clear(): void {
    this.#versions.clear()
  }
}
