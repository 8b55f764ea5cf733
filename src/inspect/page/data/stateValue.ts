/** The paths of all states that a state value is in, parents before children: `running`, `running.settled`. */
export function activePaths(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...activePaths(inner).map(path => `${key}.${path}`)])
}

/** A state value as one line: `running.settled`, or `a.x | b.y` for parallel states. */
export function valueText(value: unknown): string {
  const paths = activePaths(value)
  const leaves = paths.filter(path => !paths.some(other => other.startsWith(`${path}.`)))
  return leaves.join(' | ')
}
