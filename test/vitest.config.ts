import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const SLOW = ['test/**/*.slow.test.ts', 'docs/examples/testing/*.test.ts']

/** Tests in a browser. Those of a process share it. */
const PAGES = ['test/inspect/page/*.slow.test.ts', 'test/inspect/mermaid/*.slow.test.ts']

/** Each of these has a process to itself, because it measures the memory, the handles or the listeners of its process. */
const SEPARATE = ['test/integration/leaks.test.ts', 'test/testing/deadline.test.ts']

/** The same for whole folders. */
const SLOW_SEPARATE = ['test/{fleet,hosts,inspect,integration,protocol,streams}/**/*.slow.test.ts']

// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default defineConfig({
  root: source('.'),
  resolve: {
    alias: [
      { find: /^cutover$/, replacement: source('src/index.ts') },
      { find: /^cutover\/machines$/, replacement: source('machines/index.ts') },
      {
        find: /^cutover\/(composite|fleet|hosts|guest|http|inspect|otel|protocol|rollout|serve|testing)$/,
        replacement: `${source('src')}/$1/index.ts`,
      },
    ],
  },
  test: {
    restoreMocks: true,
    setupFiles: 'test/setup.ts',
    // Many slow tests wait for processes. One more of them than there are cores keeps all cores busy.
    maxWorkers: availableParallelism() + 1,
    // Tests end by events; the limit only ends one that hangs, also on a machine that is ten times slower.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    slowTestThreshold: 2_000,
    // They run in the order of their names.
    projects: [
      { extends: true, test: { name: 'separate', include: SEPARATE } },
      // Imports were a quarter to half of the time of files that are not isolated: they share them.
      { extends: true, test: { name: 'slow', include: SLOW, exclude: [...SLOW_SEPARATE, ...PAGES], isolate: false } },
      { extends: true, test: { name: 'slow pages', include: PAGES, isolate: false } },
      { extends: true, test: { name: 'slow separate', include: SLOW_SEPARATE, exclude: PAGES } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...SLOW, ...SEPARATE],
          isolate: false,
        },
      },
    ],
  },
})
