import { pathToFileURL } from 'node:url'
import { CutoverError, describe, type FetchModule, invalidOption, type RuntimeModule } from '../contract/index.js'
import { isUrl } from '../support/index.js'
import { answeringHttp } from './fetchModule.js'
import { importFile } from './importFile.js'

const OPTIONAL = ['start', 'abort', 'stop', 'role'] as const satisfies readonly (keyof RuntimeModule)[]

/**
 * Finds the module in the result of `import()` or of a loader, or in an option. Named exports take precedence
 * over the default export, and that over the default of a CommonJS file, `module.exports = { default }`. A module that has `fetch`
 * and no `call` answers HTTP requests.
 *
 * @param source - the origin of the value, for the error message
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming what is wrong
 */
export function moduleIn(loaded: unknown, source: string): RuntimeModule {
  const named = fieldsOf(loaded)
  const byDefault = fieldsOf(named.default)
  // The default export of a CommonJS file is its `module.exports`, which may have a `default` of its own.
  const inner = !hasEntry(byDefault) && byDefault.default !== undefined ? byDefault.default : named.default
  const module = hasEntry(named) ? loaded : inner
  assertModule(module, source)
  return module.call === undefined ? answeringHttp(module as unknown as FetchModule) : module
}

/**
 * Loads a module file.
 *
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, `CUTOVER_START_FAILED` if Node.js cannot load its TypeScript, and the error
 * that the file throws
 */
export async function importModule(location: URL | string): Promise<RuntimeModule> {
  const url = moduleUrl(location)
  return moduleIn(await importFile(url), `Module ${location}`)
}

/**
 * The URL of a module file. A path is relative to the working directory.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`: the text begins like a URL but does not parse as one
 */
export function moduleUrl(location: URL | string): URL {
  if (isUrl(location)) return new URL(location.href)
  // A single letter before the colon is a drive, not a protocol.
  if (!/^[a-z][a-z+.-]+:/i.test(location)) return pathToFileURL(location)
  if (URL.canParse(location)) return new URL(location)
  throw invalidOption('module', 'a URL or a path', location)
}

interface Fields {
  readonly call?: unknown
  readonly fetch?: unknown
  readonly default?: unknown
}

function fieldsOf(value: unknown): Fields {
  return Object(value)
}

function hasEntry({ call, fetch }: Fields): boolean {
  return call !== undefined || fetch !== undefined
}

function assertModule(value: unknown, source: string): asserts value is RuntimeModule {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const { call, fetch } = candidate
  if (typeof call !== 'function' && !(call === undefined && typeof fetch === 'function')) {
    const remedy = 'Export a function "call", or "fetch" to answer HTTP, or a default object that has one.'
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${source} has no function "call". ${remedy}`)
  }
  for (const name of OPTIONAL) {
    if (candidate[name] !== undefined && typeof candidate[name] !== 'function') {
      const message = `${source} has a "${name}" that is not a function, but ${describe(candidate[name])}.`
      throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${message} Make it a function, or leave it out.`)
    }
  }
}
