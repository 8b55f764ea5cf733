import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The error code of `import()` for a missing file. It may also be about a file that the module imports. */
const NO_FILE: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'ERR_UNSUPPORTED_DIR_IMPORT'])

/**
 * Whether every other launch would fail with `error` too: the module file does not exist, or exports no `call`. A module that
 * throws, a syntax error and a missing dependency are retried, because they may be fixed meanwhile.
 *
 * @param module - the URL of the module's file, if there is one
 */
export function isFinalFailure(error: unknown, module: URL | undefined): boolean {
  const code = codeOf(error)
  if (code === 'CUTOVER_INVALID_RUNTIME') return true
  return NO_FILE.has(code) && module?.protocol === 'file:' && !isFile(module)
}

function codeOf(error: unknown): unknown {
  try {
    return (Object(error) as { readonly code?: unknown }).code
  } catch {
    return undefined
  }
}

function isFile(module: URL): boolean {
  try {
    return statSync(fileURLToPath(module)).isFile()
  } catch (error) {
    const code = codeOf(error)
    return code !== 'ENOENT' && code !== 'ENOTDIR'
  }
}
