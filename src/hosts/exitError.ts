import { printable } from '../printable.js'
import type { Exit } from './carrier.js'

/** How a process or a thread ended: the cause of the failed start, or of the lost calls. */
export class ExitError extends Error {
  /** Always the same, to tell it by. */
  override readonly name = 'ExitError'
  /** Null when it was ended by a signal, or never lived. */
  readonly exitCode: number | null
  /** Such as `SIGKILL`; null when it exited by itself, and for threads. */
  readonly signal: string | null
  /** What it wrote to stderr last, line by line; other control characters are escaped. */
  readonly stderr: string

  constructor({ code, signal, stderr, error }: Exit) {
    const said = stderr === '' ? '' : ` Its last words: ${stderr}`
    super(printable(`${describeEnd(code, signal, error)}${said}`), error === undefined ? undefined : { cause: error })
    this.exitCode = code
    this.signal = signal
    this.stderr = stderr
  }
}

function describeEnd(code: number | null, signal: string | null, error: Error | undefined): string {
  if (error !== undefined) return `it ended: ${error.message}`
  return signal === null ? `it exited with code ${code}.` : `it was ended by ${signal}.`
}
