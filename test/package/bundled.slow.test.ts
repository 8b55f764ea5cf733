import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noBubblewrap } from '../fixtures/installed.js'

const SOURCES = 'test/fixtures/package/bundled'

/** A folder with bundles, and no package beside them. */
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundled-'))
  await bundle('esm', { service: 'service', 'own-worker': 'ownWorker', 'own-process': 'ownProcess' }, '.mjs')
  await bundle('cjs', { service: 'service' }, '.cjs')
  for (const file of ['rules.mjs', 'preload.mjs']) await cp(join(SOURCES, file), join(folder, file))
}, 60_000)
afterAll(() => rm(folder, { recursive: true }))

async function bundle(format: 'esm' | 'cjs', entries: Readonly<Record<string, string>>, extension: string) {
  const entryPoints = Object.fromEntries(
    Object.entries(entries).map(([name, source]) => [name, `${SOURCES}/${source}.mjs`]),
  )
  const logOverride = { 'empty-import-meta': 'silent' } as const
  const out = { outdir: folder, outExtension: { '.js': extension } }
  const { warnings } = await build({ entryPoints, ...out, bundle: true, platform: 'node', format, logOverride })
  expect(warnings).toEqual([])
}

async function run(service: string, host: string, ...requests: readonly string[]): Promise<unknown> {
  const options = { cwd: folder, timeout: 60_000 }
  const { stdout } = await promisify(execFile)(process.execPath, [service, host, ...requests], options)
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}

describe('A service bundled by esbuild', () => {
  it.each([
    ['service.mjs', 'thread'],
    ['service.mjs', 'process'],
    ['service.cjs', 'thread'],
    ['service.cjs', 'process'],
  ])(
    '%s runs modules in a %s, with what --import preloads, and launches them again when they exit',
    async (file, host) => {
      const answers = await run(file, host, 'double', 'preloaded', 'exit', 'double')
      expect(answers).toEqual([42, 'by --import', 'CUTOVER_RUNTIME_LOST', 42])
    },
  )

  it('runs a process whose standard input has ended, though the guest program came by it', async () => {
    expect(await run('service.mjs', 'process', 'stdin')).toEqual([''])
  })

  it.skipIf(noBubblewrap !== undefined)('runs a process in a sandbox', async () => {
    expect(await run('service.mjs', 'sandbox', 'double')).toEqual([42])
  })

  it.each(['ownThread', 'ownProcess'])('keeps a guest program that an entry of its own imports: %s', async host => {
    expect(await run('service.mjs', host, 'double')).toEqual([42])
  })

  it('shows its aggregates in an inspector that stays outside the bundle', async () => {
    const outdir = join(folder, 'inspected')
    await mkdir(join(outdir, 'node_modules'), { recursive: true })
    await symlink(resolve('.'), join(outdir, 'node_modules/cutover'))
    await symlink(resolve('node_modules/ws'), join(outdir, 'node_modules/ws'))
    const external = ['cutover/inspect', 'ws']
    const entryPoints = { service: `${SOURCES}/inspected.mjs` }
    await build({
      entryPoints,
      outdir,
      external,
      bundle: true,
      platform: 'node',
      format: 'esm',
      outExtension: { '.js': '.mjs' },
    })
    expect(await run('inspected/service.mjs', '')).toEqual({
      page: 200,
      type: 'text/html; charset=utf-8',
      shown: '1.0.0',
    })
  })
})
