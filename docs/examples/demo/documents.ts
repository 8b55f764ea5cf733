import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digestOf } from './markdown.js'
import type { Editions } from './marked.js'
import { Refusal } from './refusal.js'

/** A README, and what each version makes of it. */
export interface Document {
  readonly path: string
  /** By version: the digest of the HTML that this version of marked, asked directly, renders. */
  readonly digests: ReadonlyMap<string, string>
}

const README = /^readme.*\.(md|markdown)$/i

/** The `node_modules` folder that the demo's own dependencies are in. */
export function modulesFolder(): string {
  return fileURLToPath(new URL('..', import.meta.resolve('marked-latest/package.json')))
}

/** @throws Refusal with exit code 1 when there is none */
export async function findReadmes(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const readmes = entries.filter(entry => entry.isFile() && README.test(entry.name))
  if (readmes.length === 0) throw new Refusal(`No README.md found in ${folder}. Run "npm install" first.`, 1)
  return readmes.map(({ parentPath, name }) => join(parentPath, name)).sort()
}

/** Reads the files and keeps those that the two versions render differently: only they tell who answered. */
export async function tellingDocuments(paths: readonly string[], editions: Editions): Promise<Document[]> {
  const renderers = [
    { version: editions.old.version, render: await editions.old.load() },
    { version: editions.new.version, render: await editions.new.load() },
  ]
  const documents: Document[] = []
  for (const path of paths) {
    const text = await readFile(path, 'utf8')
    const digests = new Map(renderers.map(({ version, render }) => [version, digestOf(render(text))]))
    if (new Set(digests.values()).size === renderers.length) documents.push({ path, digests })
  }
  if (documents.length > 0) return documents
  throw new Refusal(`None of the ${paths.length} READMEs is rendered differently by the two versions of marked.`, 1)
}
