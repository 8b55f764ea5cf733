/** Something that the user must put right: one line on stderr, and this exit code. */
export class Refusal extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number) {
    super(message)
    this.exitCode = exitCode
  }
}
