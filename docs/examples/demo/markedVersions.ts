import { readFile } from 'node:fs/promises'

export type Render = (markdown: string) => string

/** One published version of the npm package `marked`. */
interface MarkedVersion {
  readonly version: string
  load(): Promise<Render>
}

export interface MarkedVersions {
  readonly old: MarkedVersion
  readonly new: MarkedVersion
}

/** The two installed versions. Each has an npm alias. */
export async function installedVersions(): Promise<MarkedVersions> {
  return {
    old: { version: await versionOf('marked-4'), load: loadOld },
    new: { version: await versionOf('marked-latest'), load: loadNew },
  }
}

async function loadOld(): Promise<Render> {
  const { parse } = await import('marked-4')
  // Mangled mail addresses are random, so their digest could not be checked.
  return markdown => parse(markdown, { mangle: false })
}

async function loadNew(): Promise<Render> {
  const { parse } = await import('marked-latest')
  return markdown => parse(markdown, { async: false })
}

async function versionOf(name: string): Promise<string> {
  const text = await readFile(new URL(import.meta.resolve(`${name}/package.json`)), 'utf8')
  const { version } = JSON.parse(text) as { version: string }
  return version
}
