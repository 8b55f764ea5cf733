import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  md: 'text/markdown; charset=utf-8',
}

const NOT_BUILT = `The files of the inspector's page are missing.
In a bundled program, leave cutover/inspect outside the bundle (external). In a checkout of cutover, run: npm run build
Any viewer of @statelyai/inspect can connect to /socket in the meantime.
`

/** One file of the page. */
export interface PageFile {
  readonly type: string
  /** Reads it at the first call. All answers share what was read, however many wait to be taken. */
  read(): Promise<string | Buffer>
}

/** The page's files by their paths in the URL: those that are there now, and nothing else is ever served. */
export async function pageFiles(folder: URL | undefined = builtPage()): Promise<Map<string, PageFile>> {
  const names = folder === undefined ? [] : await readdir(folder).catch(() => [])
  const files = new Map<string, PageFile>()
  for (const name of names) {
    const type = TYPES[name.split('.').at(-1) ?? '']
    if (type !== undefined) files.set(`/${name}`, { type, read: once(() => readFile(new URL(name, folder))) })
  }
  files.set('/', files.get('/index.html') ?? { type: 'text/plain; charset=utf-8', read: async () => NOT_BUILT })
  return files
}

/** The folder of the page, if it has been built. */
function builtPage(): URL | undefined {
  try {
    return new URL('.', pathToFileURL(createRequire(import.meta.url).resolve('#page/index.html')))
  } catch {
    return undefined
  }
}

/** Once, that is, unless it fails. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let content: Promise<T> | undefined
  return () => {
    content ??= read().catch(error => {
      content = undefined
      throw error
    })
    return content
  }
}
