import { TestRunner } from 'vitest'

/** Imports no further test files after the first failure: that one has told the mutant already. */
// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default class FirstFailureRunner extends TestRunner {
  #isOver = false

  override cancel(reason: Parameters<TestRunner['cancel']>[0]): void {
    this.#isOver = true
    super.cancel(reason)
  }

  override async importFile(...args: Parameters<TestRunner['importFile']>): Promise<void> {
    if (!this.#isOver) await super.importFile(...args)
  }
}
