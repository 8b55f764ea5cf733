import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = path => fileURLToPath(new URL(path, import.meta.url))

const NOTICE =
  '/*! Part of cutover (Apache-2.0). The packages bundled here, and their licences: dist/guest/licenses.md of cutover. */'

const SEMVER = /^semver\/functions\/\w+\.js$/
const LAZY = '\0lazy:'

/** Runs semver at its first call. It compiles its patterns when it is loaded, 2 ms, and most guests read no version. */
const lazySemver = {
  name: 'lazy-semver',
  enforce: 'pre',
  resolveId: (id, importer) => (SEMVER.test(id) && !importer?.startsWith(LAZY) ? LAZY + id : undefined),
  load(id) {
    if (!id.startsWith(LAZY)) return undefined
    return `module.exports = (...given) => require(${JSON.stringify(id.slice(LAZY.length))})(...given)`
  },
}

/** One self-contained file: Node.js starts it faster than eighty, and it can be copied. */
const bundle = (name, build, output) => ({
  consumer: 'server',
  resolve: { noExternal: true },
  build: {
    ssr: true,
    target: 'node20',
    ...build,
    rolldownOptions: {
      input: { [name]: here(`${name}.ts`) },
      // Machines that a guest does not run are dropped, with what they import from XState.
      shimMissingExports: true,
      onLog: (level, log, report) => (log.code === 'SHIMMED_EXPORT' ? undefined : report(level, log)),
      output: { entryFileNames: '[name].js', postBanner: NOTICE, codeSplitting: false, ...output },
    },
  },
})

const PROGRAM = { outDir: here('../../dist/guest'), sourcemap: true }

/**
 * A classic script. It takes the modules of Node.js as they are: an import makes a namespace of each, which takes 5 ms and loads
 * what nobody needs.
 */
const SCRIPT = { format: 'iife', name: 'guest', globals: id => `process.getBuiltinModule(${JSON.stringify(id)})` }

/** Without comments there is less to read. The lines stay: Node.js prints the whole one in which an error was thrown. */
const COMPACT = { ...SCRIPT, comments: { legal: true, annotation: false, jsdoc: false } }

/** The programs that guests run, with all that they need. */
const environments = {
  process: bundle('process', { ...PROGRAM, emptyOutDir: true, license: { fileName: 'licenses.md' } }, COMPACT),
  worker: bundle('worker', { ...PROGRAM, emptyOutDir: false }, COMPACT),
  // A classic script without `require` can be evaluated in a thread, and read from the standard input of Node.js.
  text: bundle(
    'text',
    { outDir: here('../../dist/guestText'), emptyOutDir: true, minify: true },
    { ...SCRIPT, postFooter: '//# sourceURL=cutover/guest' },
  ),
}

// biome-ignore lint/style/noDefaultExport: Vite reads the default export
export default defineConfig({
  configFile: false,
  publicDir: false,
  logLevel: 'warn',
  // A third of each file would be XState, for two machines without hierarchy.
  resolve: { alias: { xstate: here('flatMachine.ts') } },
  plugins: [lazySemver],
  environments,
  builder: {
    async buildApp(builder) {
      for (const name of Object.keys(environments)) await builder.build(builder.environments[name])
    },
  },
})
