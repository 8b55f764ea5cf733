// biome-ignore lint/style/noDefaultExport: Stryker reads the default export
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'test/mutation/vitest.config.ts', related: false },
  mutate: [
    'machines/*.ts',
    'src/calls/*.ts',
    'src/module/*.ts',
    'src/protocol/cbor/*.ts',
    'src/guest/session.ts',
    'src/aggregate/{aggregate,eventHub,options}.ts',
    'src/contract/version.ts',
  ],
  coverageAnalysis: 'perTest',
  // The machines are made at import: without static mutants there would be next to nothing to test in them.
  ignoreStatic: false,
  // Tests of other programs run what is built there.
  ignorePatterns: ['dist/mutation'],
  // Stryker would rewrite the tsconfig with an API that TypeScript 7 does not have; nothing here is compiled by it.
  tsconfigFile: 'none',
  tempDirName: 'dist/mutation/sandbox',
  reporters: ['progress-append-only', 'clear-text', 'json', 'html'],
  clearTextReporter: { allowColor: false, reportTests: false },
  jsonReporter: { fileName: 'dist/mutation/report.json' },
  htmlReporter: { fileName: 'dist/mutation/report.html' },
  // A run that only waits its turn on a busy machine is not a mutant that hangs.
  timeoutMS: 20_000,
  timeoutFactor: 3,
  concurrency: 2,
  thresholds: { high: 95, low: 90, break: 90 },
}
