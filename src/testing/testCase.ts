/** A test without a test runner. */
export interface TestCase {
  /** A sentence. */
  readonly name: string
  /** Why it cannot run here. Do not count it as passed: `run` would reject with this. */
  readonly skip?: string | undefined
  /** Rejects with an error that tells what was expected and what was seen. */
  run(): Promise<void>
}

/** A case that says why it cannot run here. */
export function skippedCase(name: string, skip: string): TestCase {
  return { name, skip, run: () => Promise.reject(new Error(`Not to be run: ${skip}`)) }
}
