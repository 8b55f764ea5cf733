import { fileURLToPath } from 'node:url'
import { defineConfig, runnerImport } from 'vite'
import { BANNER, sourceNotice } from './notices.mjs'

const LICENSES = 'licenses.md'
const here = path => fileURLToPath(new URL(path, import.meta.url))

/** The layouts of our own charts: computed with each build, so that they always fit the machines. */
async function ownLayouts() {
  const { module } = await runnerImport(here('chart/buildOwnLayouts.ts'), { root: here('.'), configFile: false })
  return module.buildOwnLayouts()
}

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig(async () => ({
  root: here('.'),
  configFile: false,
  publicDir: here('public'),
  logLevel: 'warn',
  plugins: [sourceNotice(LICENSES)],
  define: { 'process.env.NODE_ENV': '"production"', OWN_LAYOUTS: JSON.stringify(await ownLayouts()) },
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
}))
