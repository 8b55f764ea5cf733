/**
 * The rules of Oasis Core for deployments, written after its Go code: `ActiveDeployment`, `NextDeployment` and
 * `ValidateDeployments` in `go/registry/api/runtime.go`, `VerifyRuntimeUpdate` in `go/registry/api/api.go`, and the choice of the
 * next version in `go/worker/common/committee/node.go`. It shares nothing with the implementation.
 */

export interface Go {
  readonly version: readonly [major: number, minor: number, patch: number]
  readonly validFrom: number
}

const MAX_FUTURE = 1
const PRE_WARM_EPOCHS = 3

export function text({ version }: Go): string {
  return version.join('.')
}

function toU64({ version: [major, minor, patch] }: Go): number {
  return major * 2 ** 32 + minor * 2 ** 16 + patch
}

function activeDeployment(list: readonly Go[], now: number): Go | null {
  let active: Go | null = null
  for (const deployment of list) {
    if (deployment.validFrom > now) continue
    if (active === null || active.validFrom < deployment.validFrom) active = deployment
  }
  return active
}

function nextDeployment(list: readonly Go[], now: number): Go | null {
  let next: Go | null = null
  for (const deployment of list) {
    if (deployment.validFrom <= now) continue
    if (next !== null && next.validFrom < deployment.validFrom) continue
    next = deployment
  }
  return next
}

export function hostedVersions(list: readonly Go[], now: number): { active: string | null; next: string | null } {
  const active = activeDeployment(list, now)
  const next = nextDeployment(list, now)
  const isNear = next !== null && next.validFrom - now <= PRE_WARM_EPOCHS
  return { active: active === null ? null : text(active), next: isNear ? text(next) : null }
}

/** Go sorts the list first. `cutover` wants it sorted, and takes an empty one. */
export function isValid(list: readonly Go[], now: number): boolean {
  const sorted = [...list].sort((a, b) => toU64(a) - toU64(b))
  if (sorted.some((deployment, n) => deployment !== list[n])) return false
  const seen = new Set<number>()
  let previous: Go | null = null
  let future = 0
  for (const deployment of sorted) {
    if (seen.has(toU64(deployment))) return false
    seen.add(toU64(deployment))
    if (previous !== null && previous.validFrom >= deployment.validFrom) return false
    previous = deployment
    if (deployment.validFrom > now) future++
  }
  return future <= MAX_FUTURE
}

/** `current` is never empty in Go: an empty one here is no list yet. */
export function isValidUpdate(current: readonly Go[], list: readonly Go[], now: number): boolean {
  if (!isValid(list, now)) return false
  if (current.length === 0) return true
  const existing = new Map(current.map(deployment => [text(deployment), deployment]))
  for (const deployment of list) {
    if (existing.get(text(deployment))?.validFrom === deployment.validFrom) continue
    if (deployment.validFrom <= now) return false
  }
  const active = activeDeployment(current, now)
  const newActive = activeDeployment(list, now)
  if (active === null) return newActive === null
  return newActive !== null && text(active) === text(newActive) && active.validFrom === newActive.validFrom
}

/** A list that is often valid: it rises, but for a fault now and then. */
export function randomList(random: () => number): Go[] {
  const below = (n: number) => Math.floor(random() * n)
  let validFrom = below(6)
  let minor = below(3)
  const list: Go[] = []
  for (let n = below(6); n > 0; n--) {
    list.push({ version: [1 + below(5) * (random() < 0.1 ? 1 : 0), minor, below(3)], validFrom })
    validFrom += random() < 0.05 ? -below(3) : 1 + below(5)
    minor = Math.max(0, minor + (random() < 0.05 ? -below(2) : 1 + below(12)))
  }
  if (list.length > 1 && random() < 0.1) list.reverse()
  return list
}

/** A list that differs a little from the one before. */
export function randomUpdate(list: readonly Go[], random: () => number): Go[] {
  const below = (n: number) => Math.floor(random() * n)
  const next = [...list]
  const last = next.at(-1)
  const act = below(5)
  if (act === 0 && next.length > 0) next.splice(below(next.length), 1)
  if (act === 1 && last !== undefined) next[next.length - 1] = { ...last, validFrom: last.validFrom + below(5) - 2 }
  if (act === 2 || last === undefined) {
    const [major, minor] = last?.version ?? [1, 0]
    next.push({ version: [major, minor + 1, below(3)], validFrom: (last?.validFrom ?? 0) + 1 + below(6) })
  }
  return act === 3 ? randomList(random) : next
}
