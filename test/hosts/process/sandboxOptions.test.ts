import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { bubblewrap } from '../../../src/hosts/process/bubblewrap.js'
import { noBubblewrap } from '../../fixtures/installed.js'
import { Carried, fixture, running } from './launched.js'

/** How many processes sleep in a sandbox of a fixture. */
function sandboxed(): number {
  const running = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return running.filter(pid => commandOf(pid).endsWith('sandboxedGrandchild.py')).length
}

function commandOf(pid: string): string {
  try {
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
    // bwrap has the same arguments, and so has the shell of the orphan watch until it has become the watch.
    return command[0]?.endsWith('python3') ? command.join(' ') : ''
  } catch {
    return ''
  }
}

describe.skipIf(noBubblewrap !== undefined)('a guest under bubblewrap', () => {
  it.each([
    [false, 'Connection refused'],
    [true, 'reached'],
  ])('sees only what it needs, and with network %s the host: %s', async (network, internet) => {
    const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const env = { PORT: String((server.address() as AddressInfo).port) }
    const sandbox = bubblewrap({ network, readOnly: [fixture('sandboxed.py')] })
    const carried = new Carried({ ...running('sandboxed.py'), env, sandbox }).launch()
    const { fields } = await carried.line('world')
    await carried.reported('connected')
    expect(fields).toMatchObject({ internet, usr: 'Read-only file system', rootfs: 'Read-only file system' })
    expect(fields).toMatchObject({ private: 'written', processes: 2, caps: '0000000000000000' })
    expect(fields['root']).not.toContain('root')
    expect((fields['tmp'] as string[]).filter(name => name.startsWith('cutover-'))).toHaveLength(1)
    carried.launcher.terminate()
    await carried.exited
    expect(carried.reports).toEqual(['connected', 'exited'])
  })

  it.each(['terminate', 'kill'] as const)('%s ends it with all that it has started', async end => {
    const sandbox = bubblewrap()
    const readOnly = [fixture('sandboxedGrandchild.py')]
    const carried = new Carried({ ...running('sandboxedGrandchild.py'), sandbox, readOnly }).launch()
    await carried.reported('connected')
    expect(sandboxed()).toBe(2)
    carried.launcher[end]()
    await carried.exited
    expect(sandboxed()).toBe(0)
  })

  it('Node runs in it', async () => {
    const readOnly = [fixture('connects.mjs')]
    const carried = new Carried({ ...running('connects.mjs'), sandbox: bubblewrap(), readOnly }).launch()
    await carried.reported('connected')
  })

  it('A program that is not there fails', async () => {
    const carried = new Carried({ file: 'no-such-program', args: [], env: {}, sandbox: bubblewrap() }).launch()
    await carried.exited
    expect(carried.failures[0]?.message).toBe('There is no program "no-such-program" in PATH.')
  })
})

it('Where bubblewrap is missing, the launch fails and says what to do', async () => {
  const carried = new Carried({ ...running('connects.mjs'), sandbox: bubblewrap({ binary: 'no-bwrap' }) }).launch()
  await carried.exited
  expect(carried.reports).toEqual(['failed', 'exited'])
  expect(carried.failures[0]).toMatchObject({
    code: 'CUTOVER_START_FAILED',
    message: 'There is no program "no-bwrap" in PATH: install bubblewrap, or set `binary` to where it is.',
  })
})
