import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { beforeEach, expect, it, onTestFinished, vi } from 'vitest'
import { makeSocketDirectory } from '../../../src/hosts/process/socketDirectory.js'
import { pidNamespace } from '../../../src/protocol/transports/socketName.js'
import { gone, isAlive } from '../../fixtures/system.js'
import { exists, fixture } from './launched.js'

// Other hosts of this machine, other tests among them, clean up where they have their own directories.
beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'dead-'))
  vi.stubEnv('TMPDIR', directory)
  return () => {
    vi.unstubAllEnvs()
    rmSync(directory, { recursive: true })
  }
})

/** A host whose guest spins for ever, and what the guest said of itself. */
async function hostOfSpinning(): Promise<{ host: ChildProcess; pid: number; directory: string }> {
  const host = spawn(process.execPath, [fixture('host.mjs'), fixture('spins.mjs')], { stdio: 'pipe' })
  const [line] = await once(createInterface(host.stdout), 'line')
  const [pid = '', path = ''] = String(line).split(' ')
  onTestFinished(() => {
    host.kill('SIGKILL')
    rmSync(dirname(path), { recursive: true, force: true })
    if (isAlive(Number(pid))) process.kill(Number(pid), 'SIGKILL')
  })
  return { host, pid: Number(pid), directory: dirname(path) }
}

it('A guest that is blocked for ever is gone soon after its host was killed, and so is its socket', async () => {
  const { host, pid, directory } = await hostOfSpinning()
  expect(isAlive(pid)).toBe(true)
  const killed = Date.now()
  host.kill('SIGKILL')
  await gone([pid])
  // A second, on a machine that is ten times slower.
  expect(Date.now() - killed).toBeLessThan(10_000)
  expect(exists(directory)).toBe(false)
})

it('What a dead host has left is removed by the next launch', async () => {
  const host = spawn(process.execPath, ['--version'])
  await once(host, 'exit')
  const path = join(tmpdir(), `cutover-${host.pid}-${pidNamespace()}-abcdef`)
  mkdirSync(path)
  makeSocketDirectory().remove()
  expect(exists(path)).toBe(false)
})

it('The directory of a host that lives is left alone', async () => {
  const { directory } = await hostOfSpinning()
  makeSocketDirectory().remove()
  expect(exists(directory)).toBe(true)
})

it('A directory of another pid namespace is left alone for a day', () => {
  const path = join(tmpdir(), 'cutover-1-elsewhere-abcdef')
  mkdirSync(path)
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  makeSocketDirectory().remove()
  expect(exists(path)).toBe(true)
  utimesSync(path, 0, Date.now() / 1_000 - 90_000)
  makeSocketDirectory().remove()
  expect(exists(path)).toBe(false)
})

it('Where the path would be too long, the directory is in /tmp', () => {
  const directory = makeSocketDirectory(`/tmp/${'long'.repeat(25)}`)
  onTestFinished(directory.remove)
  expect(dirname(directory.path)).toBe('/tmp')
})
