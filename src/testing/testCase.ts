/** A test case that runs in any test runner. */
export interface TestCase {
  /** A sentence that says what is tested. */
  readonly name: string
  /** Why the case cannot run with the given options. `run` then rejects with this text: report the case as skipped. */
  readonly skip?: string | undefined
  /** Runs the case. Rejects with an error that says what was expected and what happened. */
  run(): Promise<void>
}

/** A case that cannot run, and why. */
export function skippedCase(name: string, skip: string): TestCase {
  return { name, skip, run: () => Promise.reject(new Error(`This case is skipped: ${skip}`)) }
}

/** Runs `test`, then always `cleanUp`. If both fail, throws the error of `test`. */
export async function runAndCleanUp(test: () => Promise<void>, cleanUp: () => Promise<void>): Promise<void> {
  try {
    await test()
  } catch (error) {
    await cleanUp().catch(() => {})
    throw error
  }
  await cleanUp()
}
