/** The paths of all active states, parents before children: `running`, `running.settled`. */
export function activePaths(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...activePaths(inner).map(path => `${key}.${path}`)])
}

/** A state value as one line: `running.settled`, or `a.x | b.y` for parallel states. */
export function formatStateValue(value: unknown): string {
  const paths = activePaths(value)
  const leaves = paths.filter(path => !paths.some(other => other.startsWith(`${path}.`)))
  return leaves.join(' | ')
}

/** Only the innermost states of a state value, for places with little room. */
export function formatLeafStates(value: unknown): string {
  const leaves = formatStateValue(value).split(' | ')
  return leaves.map(path => path.slice(path.lastIndexOf('.') + 1)).join(' | ')
}
