import { printable } from '../../support/index.js'
import type { Exit } from './launcher.js'

/** V8 writes some thirty lines of figures and addresses around the one that says why it aborts. */
const ABORT_OF_V8 = /^FATAL ERROR: .*$/m

/** How a process or a thread exited: the cause of a failed start, or of lost calls. */
export class ExitError extends Error {
  /** Always `ExitError`. */
  override readonly name = 'ExitError'
  /** The exit code; null if a signal killed it, or if it never ran. */
  readonly exitCode: number | null
  /** The signal, such as `SIGKILL`; null if it exited by itself, and for threads. */
  readonly signal: string | null
  /** The end of its stderr. Control characters other than line breaks are escaped. */
  readonly stderr: string

  constructor({ code, signal, stderr, error }: Exit) {
    const end = ABORT_OF_V8.exec(stderr)?.[0] ?? stderr
    const output = end === '' ? '' : ` The end of its stderr: ${end}`
    super(printable(`${describeEnd(code, signal, error)}${output}`), error === undefined ? undefined : { cause: error })
    this.exitCode = code
    this.signal = signal
    this.stderr = stderr
  }
}

function describeEnd(code: number | null, signal: string | null, error: Error | undefined): string {
  if (error !== undefined) return `it ended: ${error.message}`
  return signal === null ? `it exited with code ${code}.` : `it was ended by ${signal}.`
}
