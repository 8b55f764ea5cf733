import { asError, type Logger } from '../contract/index.js'
import { isError } from '../support/index.js'

/** Writes JSON lines to stderr. The host copies them to its own log, with their level and fields. */
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
