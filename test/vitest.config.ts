import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))

// biome-ignore lint/style/noDefaultExport: Vitest reads the default export
export default defineConfig({
  root: source('.'),
  resolve: {
    alias: [
      { find: /^cutover$/, replacement: source('src/index.ts') },
      { find: /^cutover\/machines$/, replacement: source('machines/index.ts') },
      {
        find: /^cutover\/(hosts|guest|inspect|otel|protocol|rollout|testing)$/,
        replacement: `${source('src')}/$1/index.ts`,
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'docs/examples/testing/*.test.ts'],
    restoreMocks: true,
    // By default Vitest leaves one core idle, of two.
    maxWorkers: '100%',
    // Tests end by events; the limit only ends one that hangs, also on a machine that is ten times slower.
    testTimeout: 60_000,
    slowTestThreshold: 2_000,
  },
})
