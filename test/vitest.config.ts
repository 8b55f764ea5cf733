import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

const SLOW = ['test/**/*.slow.test.ts', 'docs/examples/testing/*.test.ts']

/** Tests in a browser. Those of a process share it. */
const PAGES = ['test/inspect/page/*.slow.test.ts', 'test/inspect/mermaid/*.slow.test.ts']

/** Each of these has a process to itself, because it measures the memory, the handles or the listeners of its process. */
const SEPARATE = [
  'test/hosts/process/outputLog.test.ts',
  'test/inspect/hostile.test.ts',
  'test/inspect/lifecycle.test.ts',
  'test/inspect/recorder/recorder.test.ts',
  'test/inspect/server/badClients.test.ts',
  'test/integration/leaks.test.ts',
  'test/protocol/frames.test.ts',
  'test/testing/deadline.test.ts',
]

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
      { extends: true, test: { name: 'slow', include: SLOW, exclude: PAGES } },
      { extends: true, test: { name: 'slow pages', include: PAGES, isolate: false } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: [...SLOW, ...SEPARATE],
          // Imports were half the time of these files: here they share them.
          isolate: false,
        },
      },
    ],
  },
})
