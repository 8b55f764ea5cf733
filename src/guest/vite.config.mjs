import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = path => fileURLToPath(new URL(path, import.meta.url))

/** What a guest runs, in one piece: to find and read eighty files takes longer than all else that a guest does to start. */
// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  // All that it needs is in it.
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: here('../../dist/guest'),
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      input: { process: here('process.ts'), worker: here('worker.ts') },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js' },
    },
  },
})
