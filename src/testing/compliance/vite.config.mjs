import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = path => fileURLToPath(new URL(path, import.meta.url))

/**
 * The module of the compliance suite, loaded by guests from a file of its own. A file that re-exports it would be evaluated once per
 * process, so that all runtimes of an in-process host shared its state.
 */
// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  build: {
    ssr: here('complianceModule.ts'),
    outDir: here('../../../dist/lib'),
    emptyOutDir: false,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: { output: { entryFileNames: '[name].js' } },
  },
})
