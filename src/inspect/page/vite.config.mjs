import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { BANNER, sourceNotice } from './notices.mjs'

const LICENSES = 'licenses.md'
const here = path => fileURLToPath(new URL(path, import.meta.url))

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  root: here('.'),
  configFile: false,
  publicDir: here('public'),
  logLevel: 'warn',
  plugins: [sourceNotice(LICENSES)],
  define: { 'process.env.NODE_ENV': '"production"' },
  build: {
    outDir: here('../../../dist/page'),
    emptyOutDir: true,
    target: 'es2023',
    license: { fileName: LICENSES },
    // One classic script: the page can be opened from a file, and is its own worker.
    lib: { entry: here('main.ts'), formats: ['iife'], name: 'page', fileName: () => 'page.js', cssFileName: 'page' },
    rolldownOptions: { output: { postBanner: BANNER } },
    chunkSizeWarningLimit: 2_000,
  },
})
