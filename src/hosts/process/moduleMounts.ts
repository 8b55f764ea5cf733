import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * What Node.js reads to run a module file that lies in `folder`: the folder, the `package.json` that says what kind of
 * module it is, and every `node_modules` where its imports may be found. What else it reads must be named by the user.
 */
export function moduleMounts(folder: string): string[] {
  const folders = withParents(folder)
  const packages = folders.map(parent => join(parent, 'package.json')).filter(path => existsSync(path))
  const dependencies = folders.map(parent => join(parent, 'node_modules')).filter(path => existsSync(path))
  return [folder, ...packages.slice(0, 1), ...dependencies]
}

function withParents(folder: string): string[] {
  const parent = dirname(folder)
  return parent === folder ? [folder] : [folder, ...withParents(parent)]
}
