/** Writes text to the terminal or the file. */
export type Write = (text: string) => void

/** The columns of a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80

/** The only function that writes to stdout. */
export const write: Write = text => {
  process.stdout.write(text)
}

export function writeError(message: string): void {
  process.stderr.write(`${message}\n`)
}

/** Whether lines can be drawn again. */
export function isTerminal(): boolean {
  return process.stdout.isTTY && process.env['TERM'] !== 'dumb'
}

export function columns(): number {
  return process.stdout.columns || DEFAULT_COLUMNS
}

/** Prints results as JSON. Rounds times to microseconds; further digits are noise. */
export function writeJson(results: object): void {
  const rounded = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value)
  write(`${JSON.stringify(results, rounded, 2)}\n`)
}
