import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** All that a bundle is made of. The last one says which packages are installed. */
const INPUTS = ['machines', 'src', 'tsconfig.json', 'package.json', 'node_modules/.package-lock.json']
const OUTPUTS = ['dist/guest', 'dist/guestText', 'dist/lib', 'dist/page']
/** Holds the digest of inputs and outputs after the last build. */
const STAMP = 'dist/bundles.sha256'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

function filesIn(path) {
  if (!existsSync(path)) return []
  if (statSync(path).isFile()) return [path]
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
}

function digest() {
  const hash = createHash('sha256')
  const files = [...INPUTS, ...OUTPUTS].flatMap(filesIn).sort()
  for (const file of files) hash.update(`${file}\0`).update(createHash('sha256').update(readFileSync(file)).digest())
  return hash.digest('hex')
}

async function bundle() {
  const { build, createBuilder } = await import('vite')
  const programs = async () => {
    const guest = await createBuilder({ configFile: 'src/guest/vite.config.mjs' })
    await guest.buildApp()
    // The library contains the text of the guest program.
    await build({ configFile: 'src/vite.config.mjs' })
    await build({ configFile: 'src/testing/compliance/vite.config.mjs' })
  }
  await Promise.all([programs(), build({ configFile: 'src/inspect/page/vite.config.mjs' })])
}

// Bundling takes seconds, the digest a tenth of one.
if (!existsSync(STAMP) || readFileSync(STAMP, 'utf8') !== digest()) {
  rmSync(STAMP, { force: true })
  await bundle()
  writeFileSync(STAMP, digest())
}
