import { invalidOption } from './validate.js'

/** A log, such as a pino logger or any object with these four methods. */
export interface Logger {
  /** Logs details for debugging the library itself. */
  debug(object: object, message: string): void
  /** Logs the steps of a switch. */
  info(object: object, message: string): void
  /** Logs a fault that the library has handled. */
  warn(object: object, message: string): void
  /** Logs a fault that the library could not handle. */
  error(object: object, message: string): void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly (keyof Logger)[]

/** Validates the option `logger`. */
export function validLogger(given: Logger | undefined): Logger | undefined {
  if (given === undefined || isLogger(given)) return given
  throw invalidOption('logger', 'an object with debug, info, warn and error', given)
}

function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false
  return LEVELS.every(level => typeof (value as Record<string, unknown>)[level] === 'function')
}

/**
 * Wraps a logger so that it never throws (rule 22). Each line has the `bindings`, which override its own fields. Without a
 * logger it writes nothing.
 */
export function safeLogger(logger: Logger | undefined, bindings: object): Logger {
  if (logger === undefined) return SILENT
  const write = (level: keyof Logger) => (object: object, message: string) => {
    try {
      Promise.resolve(logger[level]({ ...bindings, ...object, ...bindings }, message)).catch(() => {})
    } catch {}
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

const ignore = () => {}
const SILENT: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
