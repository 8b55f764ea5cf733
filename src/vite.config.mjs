import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = path => fileURLToPath(new URL(path, import.meta.url))

/**
 * The public entries, in a few files: finding and reading some fifty files takes longer than running them. The packages
 * that we depend on stay outside, so that a program has each of them once.
 */
// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  define: { GUEST_TEXT: JSON.stringify(readFileSync(here('../dist/guestText/text.js'), 'utf8')) },
  build: {
    ssr: true,
    outDir: here('../dist/lib'),
    emptyOutDir: true,
    target: 'node20',
    sourcemap: true,
    rolldownOptions: {
      input: {
        index: here('index.ts'),
        machines: here('../machines/index.ts'),
        composite: here('composite/index.ts'),
        // The command line.
        cutover: here('serve/main.ts'),
        fleet: here('fleet/index.ts'),
        guest: here('guest/index.ts'),
        hosts: here('hosts/index.ts'),
        http: here('http/index.ts'),
        inspect: here('inspect/index.ts'),
        otel: here('otel/index.ts'),
        protocol: here('protocol/index.ts'),
        rollout: here('rollout/index.ts'),
        serve: here('serve/index.ts'),
        testing: here('testing/index.ts'),
      },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'shared/[name].js',
        // All that `cutover` itself needs, which the others need too, is one file.
        codeSplitting: {
          groups: [
            { name: 'core', test: /\/(machines|src\/(contract|support|streams|calls|aggregate)|src)\/[^/]+\.ts$/ },
          ],
        },
      },
    },
  },
})
