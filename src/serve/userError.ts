/** An error that the user can fix. The command prints its message to stderr, and exits with `exitCode`. */
export class UserError extends Error {
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}
