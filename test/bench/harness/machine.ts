import { execFileSync } from 'node:child_process'
import { arch, cpus, platform, release, totalmem } from 'node:os'

/** The machine and the commit of a measurement. */
export interface Machine {
  readonly date: string
  readonly node: string
  readonly system: string
  readonly processors: string
  readonly memory: string
  readonly commit: string
}

export function thisMachine(): Machine {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    system: `${platform()} ${release().split('.', 2).join('.')} ${arch()}`,
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    commit: commitOf(),
  }
}

function commitOf(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return 'unknown'
  }
}
