import { createHash } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '../userError.js'
import { eachOf } from './eachOf.js'
import type { Source } from './source.js'

/** The result of a copy. */
export interface Copied {
  readonly files: number
  readonly bytes: number
  /** SHA-256 of the names and contents, in hex. */
  readonly hash: string
  /** The links that lead out of the folder. They are left out. */
  readonly leftOut: readonly string[]
}

/** More is not an application, but a home folder that happens to have a `package.json`. */
const MAX_BYTES = 1_073_741_824

/**
 * Copies an application for our user alone: files with mode 0600, or 0700 if they are executable. Leaves out `.git`, `excluded`, and
 * links that lead out of the folder. @throws UserError the folder is too large
 */
export async function copyFolder({ root, only }: Source, target: string, excluded: string): Promise<Copied> {
  const copy = new Copy(root, target, excluded)
  await copy.walk(only === undefined ? '.' : only)
  return copy.finish()
}

class Copy {
  readonly #root: string
  readonly #target: string
  readonly #excluded: string
  /** Whether each file is executable. */
  readonly #files = new Map<string, boolean>()
  readonly #leftOut: string[] = []
  /** The name of each file and link, with the hash of its content. */
  readonly #hashes: string[] = []
  #bytes = 0

  constructor(root: string, target: string, excluded: string) {
    this.#root = root
    this.#target = target
    this.#excluded = excluded
  }

  /** Makes the folders and links, and notes the files. */
  async walk(path: string): Promise<void> {
    const from = join(this.#root, path)
    if (from === this.#excluded) return
    const stats = await lstat(from)
    if (stats.isSymbolicLink()) await this.#link(path)
    else if (stats.isFile()) {
      this.#bytes += stats.size
      if (this.#bytes > MAX_BYTES) throw tooLarge(this.#root)
      this.#files.set(path, (stats.mode & 0o100) !== 0)
    } else if (stats.isDirectory()) {
      await mkdir(join(this.#target, path), { recursive: true, mode: 0o700 })
      for (const name of await readdir(from)) if (name !== '.git') await this.walk(join(path, name))
    }
  }

  async finish(): Promise<Copied> {
    await mkdir(this.#target, { recursive: true, mode: 0o700 })
    await eachOf([...this.#files.keys()], path => this.#copy(path))
    const hash = createHash('sha256').update(this.#hashes.sort().join('\n')).digest('hex')
    return { files: this.#files.size, bytes: this.#bytes, hash, leftOut: this.#leftOut }
  }

  async #link(path: string): Promise<void> {
    const to = await readlink(join(this.#root, path))
    const target = relative(this.#root, resolve(this.#root, dirname(path), to))
    if (isAbsolute(to) || target.startsWith('..')) {
      this.#leftOut.push(path)
      return
    }
    await symlink(to, join(this.#target, path))
    this.#hashes.push(`${path}\0link ${to}`)
  }

  async #copy(path: string): Promise<void> {
    const content = await readFile(join(this.#root, path))
    await writeFile(join(this.#target, path), content, { mode: this.#files.get(path) ? 0o700 : 0o600 })
    this.#hashes.push(`${path}\0${createHash('sha256').update(content).digest('hex')}`)
  }
}

function tooLarge(root: string): UserError {
  return new UserError(`The folder ${root} has more than 1 GiB. Deploy a smaller one, or a bundle.`, 1)
}
