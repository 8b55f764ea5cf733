import { readdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  ico: 'image/x-icon',
  woff2: 'font/woff2',
  md: 'text/markdown; charset=utf-8',
}

const NOT_BUILT = `The files of the inspector's page are missing. In a bundled program, leave cutover/inspect outside the bundle
(external). In a checkout of cutover, run: npm run build
Until then, any viewer of @statelyai/inspect can connect to /socket.
`

/** One file of the page. */
export interface PageFile {
  readonly contentType: string
  /** Reads the file on the first call. All responses share the content. */
  read(): Promise<string | Buffer>
}

/** The page's files by their URL paths. The list is read once: a file that is added later is not served. */
export async function pageFiles(folder: URL | undefined = builtPage()): Promise<Map<string, PageFile>> {
  const names = folder === undefined ? [] : await readdir(folder).catch(() => [])
  const files = new Map<string, PageFile>()
  for (const name of names) {
    const contentType = CONTENT_TYPES[name.split('.').at(-1) ?? '']
    if (contentType === undefined) continue
    files.set(`/${name}`, { contentType, read: cached(() => readFile(new URL(name, folder))) })
  }
  files.set('/', files.get('/index.html') ?? { contentType: 'text/plain; charset=utf-8', read: async () => NOT_BUILT })
  return files
}

/** The folder of the built page; undefined if it is not built. */
function builtPage(): URL | undefined {
  try {
    return new URL('.', pathToFileURL(createRequire(import.meta.url).resolve('#page/index.html')))
  } catch {
    return undefined
  }
}

/** Reads once, and again after a failure. */
function cached<T>(read: () => Promise<T>): () => Promise<T> {
  let content: Promise<T> | undefined
  return () => {
    content ??= read().catch(error => {
      content = undefined
      throw error
    })
    return content
  }
}
