import { readdirSync, readFileSync } from 'node:fs'

/** The memory of a process and all its descendants. */
export interface Memory {
  readonly processes: number
  /** Their memory together, in bytes: a page that some share counts once (PSS). */
  readonly bytes: number
}

/** Linux only. */
export function memoryOf(pid: number): Memory {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : undefined
    const [, parent] = /^\d+ \(.*\) \S (\d+)/s.exec(stat ?? '') ?? []
    if (parent !== undefined) parents.set(Number(name), Number(parent))
  }
  const family = [pid]
  for (const member of family) for (const [child, parent] of parents) if (parent === member) family.push(child)
  return { processes: family.length, bytes: family.reduce((sum, member) => sum + bytesOf(member), 0) }
}

function bytesOf(pid: number): number {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '') ?? []
  return Number(kilobytes ?? 0) * 1_024
}

/** Undefined if the process has ended. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
