import { pathToFileURL } from 'node:url'
import { CutoverError, describe, invalidOption, type RuntimeModule } from '../contract/index.js'
import { isUrl } from '../support/index.js'
import { importFile } from './importFile.js'

const OPTIONAL = ['start', 'abort', 'stop', 'role'] as const satisfies readonly (keyof RuntimeModule)[]

/**
 * Finds the module in the result of `import()` or of a loader, or in an option. Named exports take precedence
 * over the default export, and that over the default of a CommonJS file, `module.exports = { default }`.
 *
 * @param source - the origin of the value, for the error message
 * @throws CutoverError `CUTOVER_INVALID_RUNTIME`, naming what is wrong
 */
export function moduleIn(loaded: unknown, source: string): RuntimeModule {
  const named = fieldsOf(loaded)
  const byDefault = fieldsOf(named.default)
  // The default export of a CommonJS file is its `module.exports`, which may have a `default` of its own.
  const inner = byDefault.call === undefined && byDefault.default !== undefined ? byDefault.default : named.default
  const module = named.call === undefined ? inner : loaded
  assertModule(module, source)
  return module
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

function fieldsOf(value: unknown): { readonly call?: unknown; readonly default?: unknown } {
  return Object(value)
}

function assertModule(value: unknown, source: string): asserts value is RuntimeModule {
  const candidate = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof candidate['call'] !== 'function') {
    const remedy = 'Export a function "call", or a default object that has one.'
    throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${source} has no function "call". ${remedy}`)
  }
  for (const name of OPTIONAL) {
    if (candidate[name] !== undefined && typeof candidate[name] !== 'function') {
      const message = `${source} has a "${name}" that is not a function, but ${describe(candidate[name])}.`
      throw new CutoverError('CUTOVER_INVALID_RUNTIME', `${message} Make it a function, or leave it out.`)
    }
  }
}
