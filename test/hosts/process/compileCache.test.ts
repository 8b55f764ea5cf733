import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { bubblewrap, type ChildProcessOptions, childProcess } from 'cutover/hosts'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { commandOf } from '../../../src/hosts/process/commandOf.js'
import { compileLimits } from '../../../src/protocol/internal.js'
import { guestFile } from '../../fixtures/remoteHost.js'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isThere = major > 22 || (major === 22 && minor >= 1)
const module = guestFile('tellsEnvironment')

function folderOf(options: ChildProcessOptions): string | undefined {
  return commandOf(options, {}, compileLimits({})).env['NODE_COMPILE_CACHE']
}

describe('The compile cache of a guest', () => {
  it.skipIf(!isThere)('is filled by a guest, and the module does not see its variable', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'compile-cache-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const runtime = childProcess({ module, compileCache: folder }).provision({ id: 'a', version: '1.0.0' })
    runtime.start()
    expect(await runtime.call('NODE_COMPILE_CACHE')).toBe(undefined)
    await runtime.stop()
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
    // The guest program and the module.
    expect(files.length).toBeGreaterThanOrEqual(2)
  })

  it('that cannot be made does not matter', async () => {
    const folder = '/proc/none/of/this'
    const runtime = childProcess({ module, compileCache: folder }).provision({ id: 'a', version: '1.0.0' })
    runtime.start()
    expect(await runtime.call('HOME')).toBe(process.env['HOME'])
    await runtime.stop()
    expect(existsSync(folder)).toBe(false)
  })

  it.skipIf(!isThere)('is in the cache folder of our user, unless another is given', async () => {
    const cache = await mkdtemp(join(tmpdir(), 'cache-home-'))
    onTestFinished(() => rm(cache, { recursive: true }))
    vi.stubEnv('XDG_CACHE_HOME', '')
    expect(folderOf({ module })).toBe(join(homedir(), '.cache/cutover/compile-cache'))
    vi.stubEnv('XDG_CACHE_HOME', cache)
    expect(folderOf({ module })).toBe(join(cache, 'cutover/compile-cache'))
    expect(statSync(join(cache, 'cutover')).mode & 0o777).toBe(0o700)
    expect(folderOf({ module, compileCache: join(cache, 'given') })).toBe(join(cache, 'given'))
    expect(folderOf({ module, compileCache: '/dev/null/x' })).toBe(undefined)
    expect(folderOf({ module, env: { NODE_COMPILE_CACHE: '/mine' } })).toBe('/mine')
    vi.unstubAllEnvs()
  })

  it('is not used when it is switched off, in a sandbox, and for a command', () => {
    expect(folderOf({ module, compileCache: false })).toBe(undefined)
    expect(folderOf({ module, sandbox: bubblewrap() })).toBe(undefined)
    expect(folderOf({ command: 'node' })).toBe(undefined)
  })
})
