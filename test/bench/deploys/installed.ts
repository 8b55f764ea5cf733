import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The programs that are compared. They are large, and so no dependencies of this workspace. */
const PACKAGES = { pm2: ['pm2@7'], watt: ['wattpm@3', '@platformatic/node@3'] } as const

export type Rival = keyof typeof PACKAGES

/** Watt refuses an older Node.js. */
const WATT_NEEDS = [22, 19] as const

export function runsOnThisNode(rival: Rival): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  return rival === 'pm2' || major > WATT_NEEDS[0] || (major === WATT_NEEDS[0] && minor >= WATT_NEEDS[1])
}

/** Installs a program once, into a cache folder outside the project. @returns its `node_modules` */
export function installed(rival: Rival): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cutover', 'deploys', rival)
  const modules = join(folder, 'node_modules')
  if (!existsSync(join(modules, '.package-lock.json'))) {
    mkdirSync(folder, { recursive: true })
    const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
    execFileSync('npm', ['install', '--prefix', folder, ...quiet, ...PACKAGES[rival]], { stdio: 'inherit' })
  }
  return modules
}
