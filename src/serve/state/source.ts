import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { canonical } from '../../contract/index.js'
import { UserError } from '../userError.js'

/** The source of a deploy: a file alone, or the package that it belongs to. */
export interface Source {
  /** The folder to copy. */
  readonly root: string
  /** The only file of it to copy; undefined for the whole folder. */
  readonly only: string | undefined
  /** The module, relative to the folder. */
  readonly entry: string
  /** SemVer; `0.0.0` without a package. */
  readonly version: string
}

interface Manifest {
  readonly version?: unknown
  readonly main?: unknown
}

const ENTRIES = ['index.mjs', 'index.js']

/** Finds what belongs to the path of an application: a module, or a folder with a `package.json`. @throws UserError */
export async function sourceOf(path: string): Promise<Source> {
  const real = await realpath(path).catch(() => {
    throw new UserError(`There is no application at ${path}.`, 1)
  })
  const isFolder = (await stat(real)).isDirectory()
  const root = await packageOf(isFolder ? real : dirname(real))
  if (root === undefined) {
    if (isFolder) throw new UserError(`The folder ${real} has no package.json. Name the module in it.`, 1)
    return { root: dirname(real), only: basename(real), entry: basename(real), version: '0.0.0' }
  }
  const manifest = await manifestOf(root)
  const entry = isFolder ? await mainOf(real, manifest) : real
  return { root, only: undefined, entry: relative(root, entry), version: versionOf(manifest, root) }
}

/** The nearest folder with a `package.json`. */
async function packageOf(folder: string): Promise<string | undefined> {
  const isPackage = await isFile(join(folder, 'package.json'))
  if (isPackage) return folder
  return dirname(folder) === folder ? undefined : packageOf(dirname(folder))
}

async function manifestOf(root: string): Promise<Manifest> {
  const file = join(root, 'package.json')
  try {
    return Object(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new UserError(`The file ${file} cannot be read: ${(cause as Error).message}`, 1, cause)
  }
}

async function mainOf(folder: string, { main }: Manifest): Promise<string> {
  if (typeof main === 'string') return join(folder, main)
  for (const name of ENTRIES) if (await isFile(join(folder, name))) return join(folder, name)
  throw new UserError(`The package ${folder} has neither "main" nor ${ENTRIES.join(' or ')}. Name its module.`, 1)
}

function versionOf({ version = '0.0.0' }: Manifest, root: string): string {
  try {
    return canonical(version as string)
  } catch (cause) {
    throw new UserError(`The version in ${join(root, 'package.json')} is wrong: ${(cause as Error).message}`, 1, cause)
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    stats => stats.isFile(),
    () => false,
  )
}
