/** An error that the user can fix. The demo prints one line to stderr and exits with `exitCode`. */
export class UserError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
