import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import shared from '../vitest.config.js'

/**
 * The tests that are held against the mutants: the beginnings of their paths, in the order in which they run. A machine
 * is made at import, so that most of its mutants take a run of their own, which the first test that fails ends.
 *
 * Tests that compare a machine with a page generated from it are left out: they fail for every change, right or wrong.
 */
const SUITES = [
  'test/machines/',
  'test/aggregate/',
  'test/contract/',
  'test/calls/',
  'test/support/',
  'test/module/',
  'test/conventions/messages.',
  'test/conformance/',
  'test/protocol/tags.',
  'test/protocol/outputBuffer.',
  'test/protocol/fastPath.',
  'test/protocol/budgets.',
  'test/protocol/codec.',
  'test/hosts/inProcess/',
  'test/guest/session.',
]

/** The suites of this run: those that `TESTS` names, separated by commas, or all. */
const suites = process.env['TESTS']?.split(',') ?? SUITES

/** One suite after the other. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => suites.findIndex(suite => moduleId.includes(`/${suite}`))
    return files.toSorted((a, b) => rank(a) - rank(b) || a.moduleId.localeCompare(b.moduleId))
  }
}

const { projects: _, ...test } = shared.test ?? {}

// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default defineConfig({
  ...shared,
  test: {
    ...test,
    include: suites.map(suite => `${suite}*test.ts`),
    // Slow tests start processes, which run what was built before.
    exclude: ['**/*.slow.test.ts'],
    // A mutant that makes a test hang is told by it, which is faster than the limit of the whole run.
    testTimeout: 10_000,
    setupFiles: [test.setupFiles ?? [], 'test/mutation/setup.ts'].flat(),
    // One import for all files; each mutant gets a new one.
    isolate: false,
    runner: 'test/mutation/runner.ts',
    sequence: { sequencer: InOrder },
  },
})
