import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ChildProcessOptions, childProcess, inProcess, workerThread } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'
import { directory } from '../fixtures/system.js'

/** A call waits for ever, and a second launch would come at once. */
const OPTIONS = { waitTimeout: Number.POSITIVE_INFINITY, minBackoff: 1, jitter: 0 } as const
const HOSTS = { inProcess, workerThread, childProcess } as const
const noCall = new URL('../fixtures/modules/noCall.mjs', import.meta.url)

function hosting(kind: keyof typeof HOSTS, module: URL | string): RemoteHost {
  const provisioner = HOSTS[kind]({ ...OPTIONS, module })
  return new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
}

/** Starts it; one event says why it never can, at once for calls that wait, and for those that come later. */
async function refusalOf(host: RemoteHost): Promise<Error> {
  const waiting = rejectionOf(host.do('answer'))
  const error = await host.failure()
  expect(host.events).toEqual([{ type: 'failedToStart', version: '1.0.0', error, final: true }])
  expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', version: '1.0.0' })
  expect(error.message).toMatch(/It is not tried again: mend it and call abort\(\{ force: true \}\), or replace/)
  const refused = { code: 'CUTOVER_START_FAILED', message: expect.stringMatching(/is given up/), cause: error }
  expect(await waiting).toMatchObject(refused)
  expect(await rejectionOf(host.do('answer'))).toMatchObject(refused)
  return error
}

describe.each(Object.keys(HOSTS) as (keyof typeof HOSTS)[])('What can never work with %s is not tried again', kind => {
  it.each([
    ['that does not exist', new URL('file:///nowhere/rules.mjs'), /nowhere\/rules\.mjs/],
    ['that is a directory', new URL('.', noCall), /fixtures\/modules/],
    ['without call', noCall, /has no function "call"/],
  ])('A module file %s', async (_, module, message) => {
    await using host = hosting(kind, module)
    expect((await refusalOf(host)).message).toMatch(message)
  })

  it('A file that comes later runs after abort({ force: true })', async () => {
    const file = join(directory(), 'rules.mjs')
    await using host = hosting(kind, file)
    await refusalOf(host)
    await expect(host.runtime.abort({ force: true })).rejects.toMatchObject({ code: 'CUTOVER_START_FAILED' })
    writeFileSync(file, 'export const call = request => request.do')
    await host.runtime.abort({ force: true })
    expect(await host.do('answer')).toBe('answer')
    expect(host.types).toEqual(['failedToStart', 'failedToStart', 'started'])
  })

  it('A file that misses something else is tried again', async () => {
    const folder = directory()
    writeFileSync(join(folder, 'rules.mjs'), "export { call } from './other.mjs'")
    await using host = hosting(kind, join(folder, 'rules.mjs'))
    expect((await host.failure()).message).toMatch(/other\.mjs/)
    const event = await host.next('failedToStart')
    expect(event).not.toHaveProperty('final')
  })
})

describe('What can never work as a process is not tried again', () => {
  const module = guestFile('unruly')

  it.each<[what: string, options: ChildProcessOptions, message: RegExp]>([
    ['A command that is in no PATH', { command: 'no-such-program' }, /no program "no-such-program" in PATH/],
    ['A command that is not at its path', { command: '/nowhere/rules' }, /no program "\/nowhere\/rules"/],
    ['A command that may not be executed', { command: guestFile('unruly').pathname }, /unruly\.mjs.* EACCES/],
    ['A command that is a directory', { command: '/usr' }, /cannot be run: "\/usr"/],
    ['A directory that does not exist', { module, cwd: '/nowhere' }, /its directory "\/nowhere" does not exist/],
    [
      'An option that Node.js does not know',
      { module, execArgv: ['--no-such-option'] },
      /bad option: --no-such-option/,
    ],
    ['More arguments than a process can have', { command: 'true', args: ['x'.repeat(3_000_000)] }, /E2BIG/],
  ])('%s', async (_, options, message) => {
    const provisioner = childProcess({ ...OPTIONS, ...options })
    await using host = new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
    const error = await refusalOf(host)
    expect(error.message.replace('(EACCES)', 'EACCES')).toMatch(message)
  })

  it('What is installed later runs after abort({ force: true })', async () => {
    const command = join(directory(), 'rules')
    const provisioner = childProcess({ ...OPTIONS, command })
    await using host = new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
    await refusalOf(host)
    const serve = JSON.stringify(import.meta.resolve('../../dist/lib/guest.js'))
    const lines = [`import { serve } from ${serve}`, 'await serve({ call: request => request.do })']
    writeFileSync(command, `#!/bin/sh\nexec ${process.execPath} --input-type=module -e '${lines.join(';')}'\n`)
    chmodSync(command, 0o755)
    await host.runtime.abort({ force: true })
    expect(await host.do('answer')).toBe('answer')
  })

  it('A process whose module has no call is ended, and a stop meanwhile stops it for good', async () => {
    const host = hosting('childProcess', noCall)
    const stopped = host.next('stopped')
    host.runtime.watchEvents().subscribe(({ type }) => type === 'failedToStart' && void host.runtime.stop())
    host.runtime.start()
    await stopped
    expect(host.types).toEqual(['failedToStart', 'stopped'])
  })
})

describe('What can never work is refused at once', () => {
  it.each([['--max-old-space-size=512'], ['--expose-gc', '--no-warnings'], ['--no-such-option'], ['--title=rules']])(
    'execArgv %s of a thread, with resourceLimits as the remedy',
    (...execArgv) => {
      const refused = { code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(execArgv[0] ?? '') }
      expect(() => workerThread({ execArgv })).toThrow(expect.objectContaining(refused))
      expect(() => workerThread({ execArgv })).toThrow(/"execArgv".*resourceLimits/)
    },
  )

  it('execArgv that a thread can have is taken, and no thread is begun to find out', async () => {
    const before = process.getActiveResourcesInfo().filter(name => name === 'MessagePort')
    const provisioner = workerThread({ execArgv: ['--no-warnings'], module: guestFile('unruly') })
    expect(process.getActiveResourcesInfo().filter(name => name === 'MessagePort')).toEqual(before)
    await using host = new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
    await host.started()
  })

  it.each([
    ['command', { command: 'a\0b' }],
    ['args', { command: 'true', args: ['a\0b'] }],
    ['cwd', { command: 'true', cwd: '/a\0b' }],
    ['execArgv', { module: guestFile('unruly'), execArgv: ['--a\0b'] }],
  ])('%s of a process with NUL', (name, options) => {
    const refused = { code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }
    expect(() => childProcess(options)).toThrow(expect.objectContaining(refused))
  })
})
