import { existsSync } from 'node:fs'
import { CutoverError } from '../contract/index.js'
import { isError } from '../support/index.js'
import { locateSyntaxError } from './syntaxError.js'

const COMPILE =
  'compile the module to JavaScript, or register a compiler such as tsx (execArgv in threads and processes)'

/**
 * Imports a file.
 *
 * @param file - what to name in an error, if it is imported under another URL
 * @throws CutoverError `CUTOVER_START_FAILED` if Node.js cannot load its TypeScript, or if it has a syntax error; whatever the
 * file throws
 */
export async function importFile(url: URL, file: URL = url): Promise<unknown> {
  try {
    return await import(url.href)
  } catch (error) {
    const explained = explainTypeScript(error, file)
    throw explained === error ? await explainSyntax(error, file) : explained
  }
}

/**
 * Explains why a module could not be loaded, if the reason is that Node.js does not compile TypeScript.
 *
 * @returns a CutoverError `CUTOVER_START_FAILED` with the error as its cause; any other error as it is
 */
export function explainTypeScript(error: unknown, module: URL): unknown {
  const remedy = isError(error) ? remedyFor(error) : undefined
  if (remedy === undefined) return error
  const message = `Module ${module} cannot be loaded: ${(error as Error).message}. ${remedy}`
  return new CutoverError('CUTOVER_START_FAILED', message, { cause: error })
}

/** Adds the file and the line to a syntax error. Returns any other error as it is. */
async function explainSyntax(error: unknown, module: URL): Promise<unknown> {
  const location = await locateSyntaxError(error, module)
  if (location === undefined) return error
  const message = `Module ${module} cannot be loaded. ${location}: ${(error as Error).message}.`
  return new CutoverError('CUTOVER_START_FAILED', message, { cause: error })
}

function remedyFor({ code, message }: Error & { readonly code?: unknown }): string | undefined {
  switch (code) {
    case 'ERR_UNKNOWN_FILE_EXTENSION':
      if (/"\.[cm]?ts"/.test(message)) return `${withoutTypes()}, ${COMPILE}.`
      return /"\.[jt]sx"/.test(message) ? `Node.js does not load JSX: ${COMPILE}.` : undefined
    case 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX':
      return `Node.js removes types and compiles nothing: avoid enums, namespaces and parameter properties, ${COMPILE}.`
    case 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING':
      return `Node.js loads only JavaScript from node_modules: ${COMPILE}.`
    case 'ERR_MODULE_NOT_FOUND': {
      const [, missing] = /'(.+\.[cm]?)js' imported from .+\.[cm]?ts$/.exec(message) ?? []
      if (missing === undefined || !existsSync(`${missing}ts`)) return undefined
      return `Import ${missing}ts by that name (allowImportingTsExtensions in tsconfig.json), ${COMPILE}.`
    }
    default:
      return undefined
  }
}

function withoutTypes(): string {
  const version = `Node.js ${process.versions.node}`
  return process.allowedNodeEnvironmentFlags.has('--experimental-strip-types')
    ? `${version} loads TypeScript with --experimental-strip-types (a process gets it by execArgv). Use that`
    : `${version} does not load TypeScript. Use Node.js 22.18 or later`
}
