import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOf } from './markdown.js'
import type { MarkedVersions } from './markedVersions.js'
import { UserError } from './userError.js'

/** A README, and what each version renders from it. */
export interface Document {
  readonly path: string
  /** The digest of the HTML by version, rendered by a direct call of marked. */
  readonly digests: ReadonlyMap<string, string>
}

const README = /^readme.*\.(md|markdown)$/i

/** The `node_modules` folder of the demo's own dependencies. */
export function modulesFolder(): string {
  return fileURLToPath(new URL('..', import.meta.resolve('marked-latest/package.json')))
}

/** @throws UserError with exit code 1 if there is none */
export async function findReadmes(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const readmes = entries.filter(entry => entry.isFile() && README.test(entry.name))
  if (readmes.length === 0) throw new UserError(`No README.md found in ${folder}. Run "npm install" first.`, 1)
  return readmes.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

/** Larger documents are left out, so that there are enough calls per second to judge a version soon. */
const MAX_LENGTH = 10_000

/** Reads the files and keeps those that the two versions render differently: the others do not show who answered. */
export async function distinctDocuments(paths: readonly string[], versions: MarkedVersions): Promise<Document[]> {
  const renderers = [
    { version: versions.old.version, render: await versions.old.load() },
    { version: versions.new.version, render: await versions.new.load() },
  ]
  const documents: Document[] = []
  for (const path of paths) {
    const text = await readFile(path, 'utf8')
    if (text.length > MAX_LENGTH) continue
    const digests = new Map(renderers.map(({ version, render }) => [version, digestOf(render(text))]))
    if (new Set(digests.values()).size === renderers.length) documents.push({ path, digests })
  }
  if (documents.length > 0) return documents
  throw new UserError(`The two versions of marked render all ${paths.length} READMEs alike.`, 1)
}
