import { type ChildProcessOptions, childProcess, type WorkerThreadOptions, workerThread } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const module = guestFile('unruly')

describe('options of threads and processes', () => {
  it.each([
    ['module', 7],
    ['module', { call: () => 1 }],
    ['command', ''],
    ['args', 'x'],
    ['args', [7]],
    ['env', 'x'],
    ['env.A', 1],
    ['cwd', ''],
    ['execArgv', 'x'],
    ['compileCache', true],
    ['compileCache', 'relative/folder'],
    ['hostVariable', ''],
    ['protocol', 'grpc'],
    ['sandbox', {}],
    ['maxFrameBytes', -1],
    ['maxMessageItems', 0],
    ['maxMessageItems', 99],
    ['maxHostRequests', -1],
    ['maxHostRequestBytes', '1 MB'],
    ['maxBufferedBytes', 1.5],
    // Less than the largest message.
    ['maxBufferedBytes', 1024],
    ['maxInFlight', 0],
    ['watchdogInterval', -1],
    ['watchdogTimeout', Number.POSITIVE_INFINITY],
    ['shutdownTimeout', 0.5],
    ['killTimeout', '1'],
  ])('childProcess refuses %s: %j by its name', (name, value) => {
    const given = {
      command: 'node',
      ...(name === 'module' || name === 'execArgv' ? { command: undefined, module } : {}),
    }
    const changed = name === 'env.A' ? { env: { A: value } } : { [name]: value }
    const options = { ...given, ...changed } as ChildProcessOptions
    const make = () => childProcess(options).provision({ id: 'a', version: '1.0.0' })
    expect(make).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
    )
  })

  it.each([
    ['module', () => ({ call: () => 1 })],
    ['resourceLimits', 7],
    ['execArgv', '--x'],
    ['maxInFlight', 0.5],
    ['maxHostRequests', 0],
    ['maxHostRequestBytes', Number.NaN],
    ['maxBufferedBytes', '1 MB'],
  ])('workerThread refuses %s: %j by its name', (name, value) => {
    const options = { module, [name]: value } as WorkerThreadOptions
    expect(() => workerThread(options)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
    )
  })

  it('Neither a module nor a command is refused when a runtime is provisioned', () => {
    const config = { id: 'a', version: '1.0.0' }
    expect(() => childProcess().provision(config)).toThrow(/"module" must be given, or "command"/)
    expect(() => workerThread().provision(config)).toThrow(/"module"/)
    expect(childProcess({ module }).name).toBe('child-process')
    expect(workerThread({ module }).name).toBe('worker-thread')
  })

  it('The config goes before the options, and the variable of the socket may have any name', async () => {
    const options = { module: guestFile('chaotic'), hostVariable: 'MY_HOST', env: { A: '1', B: '1' } }
    await using host = RemoteHost.ofModule(options, { module, env: { B: '2' } })
    await host.started()
    expect(await host.do('env')).toMatchObject({ A: '1', B: '2', MY_HOST: expect.stringContaining('cutover-') })
  })
})
