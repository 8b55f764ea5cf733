import { fileURLToPath } from 'node:url'
import { isError } from '../support/index.js'

/** Check at most 20 files, for 2 s each. */
const MAX_FILES = 20
const CHECK_TIMEOUT = 2_000
/** A static import of another file: its specifier. */
const IMPORTS = /(?:^|[;\s}])(?:import|export)\b[^'"();]*['"](\.{1,2}\/[^'"]+)['"]/g
/** The first line of a stack, or of the output of `node --check`: a file and a line. */
const LOCATION = /^(?:file:\/\/)?(\/[^\n]*?)(?:\?[^\n:]*)?:(\d+)\n/

/**
 * Finds where a file, or a file that it imports, has a syntax error. Node.js leaves that out of the error of `import()`, so
 * `node --check` reads the files again.
 *
 * @returns the path and the line, `/app/rules.mjs:3`; `undefined` if `error` is no syntax error of a file. Never rejects
 */
export async function locateSyntaxError(error: unknown, file: URL): Promise<string | undefined> {
  if (!isError(error) || error.name !== 'SyntaxError' || file.protocol !== 'file:') return undefined
  const { message, stack = '' } = error
  const known = locationIn(stack)
  if (known !== undefined) return known
  // Code that parses at run time, such as JSON.parse(), has frames of its own.
  const [frame = ''] = /^ {4}at .*$/m.exec(stack) ?? []
  if (!frame.includes('node:internal/modules')) return undefined
  return locate([new URL(file.pathname, file)], message)
}

async function locate(files: URL[], message: string): Promise<string | undefined> {
  const seen = new Set<string>()
  for (let next = files.shift(); next !== undefined && seen.size < MAX_FILES; next = files.shift()) {
    if (seen.has(next.href)) continue
    seen.add(next.href)
    const output = await check(fileURLToPath(next))
    if (output.includes(`SyntaxError: ${message}\n`)) return locationIn(output)
    files.push(...(await importsOf(next)))
  }
  return undefined
}

function locationIn(text: string): string | undefined {
  const [, path, line] = LOCATION.exec(text) ?? []
  return path === undefined ? undefined : `${path}:${line}`
}

/** Returns what `node --check` says about a file, or nothing if it cannot run. */
async function check(path: string): Promise<string> {
  // Guests that load without an error start without these modules of Node.js.
  const { execFile } = await import('node:child_process')
  return new Promise(resolve => {
    try {
      const options = { env: {}, timeout: CHECK_TIMEOUT }
      execFile(process.execPath, ['--check', path], options, (_, __, stderr) => resolve(stderr))
    } catch {
      resolve('')
    }
  })
}

async function importsOf(file: URL): Promise<URL[]> {
  try {
    const { readFile } = await import('node:fs/promises')
    const source = await readFile(file, 'utf8')
    return [...source.matchAll(IMPORTS)].map(([, specifier = '']) => new URL(specifier, file))
  } catch {
    return []
  }
}
