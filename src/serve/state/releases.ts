import { readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { syncPath } from '../../rollout/internal.js'
import { UserError } from '../userError.js'
import { type Copied, copyFolder } from './copyFolder.js'
import { eachOf } from './eachOf.js'
import { nameOf, timeIn } from './releaseName.js'
import { type Source, sourceOf } from './source.js'
import type { StateFolder } from './stateFolder.js'

/** An application, copied. */
export interface Release {
  /** Canonical SemVer, such as `1.4.0-20261128153000.3f9ab1`. */
  readonly version: string
  /** The module, relative to the copied folder. */
  readonly entry: string
  /** The path that was deployed. */
  readonly path: string
  /** SHA-256 of what was copied, in hex. */
  readonly hash: string
}

/** A release that was just made. */
export interface NewRelease extends Release, Pick<Copied, 'files' | 'bytes' | 'leftOut'> {}

/** The number of releases that are kept in addition to the needed ones. */
const KEPT = 3
const PARTIAL = '.partial-'

/** The copies of what was deployed, one folder each. */
export class Releases {
  readonly #folder: StateFolder
  #copies = 0
  /** The time in the name of the last release, so that each has its own. */
  #last = 0

  constructor(folder: StateFolder) {
    this.#folder = folder
  }

  /** Removes what a crash in the middle of a copy has left. Only while the store is locked. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.#folder.releases)) if (name.startsWith(PARTIAL)) await this.#remove(name)
    const newest = (await this.list()).at(-1)
    if (newest !== undefined) this.#last = timeIn(newest)
  }

  /** Copies an application. A crash leaves the whole copy or none. @throws UserError */
  async add(path: string): Promise<NewRelease> {
    const source = await sourceOf(path)
    const partial = `${PARTIAL}${process.pid}-${++this.#copies}`
    const folder = join(this.#folder.releases, partial)
    try {
      const copied = await copyFolder(source, join(folder, 'files'), await realpath(this.#folder.path))
      const version = this.#name(source, copied.hash)
      const release: Release = { version, entry: source.entry, path, hash: copied.hash }
      await writeFile(join(folder, 'release.json'), `${JSON.stringify(release, null, 2)}\n`, { mode: 0o600 })
      await rename(folder, join(this.#folder.releases, version))
      return { ...copied, ...release }
    } catch (error) {
      await this.#remove(partial)
      if (error instanceof UserError) throw error
      throw new UserError(`${path} cannot be copied: ${(error as Error).message}`, 1, error)
    }
  }

  /** Resolves when a release is on the disk, so that a power cut leaves it whole. */
  async sync(version: string): Promise<void> {
    const folder = join(this.#folder.releases, version)
    const entries = await readdir(folder, { recursive: true, withFileTypes: true })
    const paths = entries.filter(entry => entry.isFile() || entry.isDirectory())
    await eachOf([folder, ...paths.map(entry => join(entry.parentPath, entry.name))], syncPath)
    await syncPath(this.#folder.releases)
  }

  /** @throws UserError it is not there */
  async find(version: string): Promise<Release> {
    const file = join(this.#folder.releases, version, 'release.json')
    try {
      return releaseIn(JSON.parse(await readFile(file, 'utf8')))
    } catch (cause) {
      const message = `The release of version ${version} is gone, or cannot be read: ${file}. Deploy another one, or name one: cutover serve app.mjs.`
      throw new UserError(message, 1, cause)
    }
  }

  moduleOf({ version, entry }: Release): URL {
    return pathToFileURL(join(this.#folder.releases, version, 'files', entry))
  }

  /** The versions that there are, from old to new. */
  async list(): Promise<readonly string[]> {
    const names = (await readdir(this.#folder.releases)).filter(name => !name.startsWith(PARTIAL))
    return names.sort((a, b) => timeIn(a) - timeIn(b))
  }

  /** Removes all but the newest, and those that are needed. */
  async prune(needed: readonly (string | null)[]): Promise<void> {
    const old = (await this.list()).slice(0, -KEPT).filter(version => !needed.includes(version))
    for (const version of old) await this.#remove(version)
  }

  #name({ version }: Source, hash: string): string {
    this.#last = Math.max(this.#last + 1_000, Math.floor(Date.now() / 1_000) * 1_000)
    return nameOf(version, this.#last, hash)
  }

  #remove(name: string): Promise<void> {
    return rm(join(this.#folder.releases, name), { recursive: true, force: true })
  }
}

/** @throws TypeError it is no release */
function releaseIn(value: unknown): Release {
  const { version, entry }: { readonly version?: unknown; readonly entry?: unknown } = Object(value)
  if (typeof version === 'string' && typeof entry === 'string') return value as Release
  throw new TypeError('It has no version or no entry.')
}
