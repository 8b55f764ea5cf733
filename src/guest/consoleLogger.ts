import { asError } from '../errors.js'
import type { Logger } from '../logger.js'
import { isError } from '../realms.js'

/** Writes JSON lines to stderr, which the host puts into its own log with their level and fields. */
export const consoleLogger: Logger = {
  debug: (object, message) => write('debug', object, message),
  info: (object, message) => write('info', object, message),
  warn: (object, message) => write('warn', object, message),
  error: (object, message) => write('error', object, message),
}

function write(level: keyof Logger, object: object, message: string): void {
  process.stderr.write(`${JSON.stringify({ level, ...object, message }, errorsAsText)}\n`)
}

function errorsAsText(_: string, value: unknown): unknown {
  return isError(value) ? String(asError(value)) : value
}
