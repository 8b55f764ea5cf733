/** Where the library says what it does. A pino logger fits, and so does any object with these four methods. */
export interface Logger {
  /** What only helps to look into the library itself. */
  debug(object: object, message: string): void
  /** The steps of a switch. */
  info(object: object, message: string): void
  /** What should not happen, and was dealt with. */
  warn(object: object, message: string): void
  /** What should not happen, and was given up. */
  error(object: object, message: string): void
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const satisfies readonly (keyof Logger)[]

export function isLogger(value: unknown): value is Logger {
  if (typeof value !== 'object' || value === null) return false
  return LEVELS.every(level => typeof (value as Record<string, unknown>)[level] === 'function')
}

/**
 * A logger that cannot throw, with `bindings` in every line, which no field of the line can change; silent when there is
 * none to write to.
 */
export function safeLogger(logger: Logger | undefined, bindings: object): Logger {
  const write = (level: keyof Logger) => (object: object, message: string) => {
    // Rule 22: a logger that throws, or rejects, never breaks anything.
    try {
      Promise.resolve(logger?.[level]({ ...bindings, ...object, ...bindings }, message)).catch(() => {})
    } catch {}
  }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}
