import type { ChartState } from './chart.js'

/** Finds the state for a target: `#id`, `#id.child`, `.child`, a sibling's key, or the path of a sibling's descendant. */
export function resolveTarget(
  target: string,
  source: ChartState,
  root: ChartState,
  byId: ReadonlyMap<string, ChartState>,
): ChartState | undefined {
  if (target.startsWith('#')) return resolveId(target.slice(1), byId)
  if (target.startsWith('.')) return resolvePath(source, target.slice(1))
  return resolvePath(source.parent ?? root, target)
}

function resolveId(target: string, byId: ReadonlyMap<string, ChartState>): ChartState | undefined {
  const exact = byId.get(target)
  if (exact !== undefined) return exact
  const [id = '', ...keys] = splitPath(target)
  const state = byId.get(id)
  return state === undefined || keys.length === 0 ? state : descendant(state, keys)
}

function resolvePath(from: ChartState, path: string): ChartState | undefined {
  return from.children.find(({ key }) => key === path) ?? descendant(from, splitPath(path))
}

function descendant(from: ChartState, keys: readonly string[]): ChartState | undefined {
  const [first, ...rest] = keys
  const child = from.children.find(({ key }) => key === first)
  return child === undefined || rest.length === 0 ? child : descendant(child, rest)
}

/** The keys between the dots. A backslash escapes the next character. */
function splitPath(path: string): string[] {
  return [...path.matchAll(/(?:^|\.)((?:[^.\\]|\\.)*)/gs)].map(([, key = '']) => key.replaceAll(/\\(.)/gs, '$1'))
}
