import { childProcess } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { serve } from '../../src/guest/serve.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'
import { hostOf, Program } from './guestOf.js'

const FAILED = 'CUTOVER_START_FAILED'

describe('A program that serves, started without a host', () => {
  it.each([
    ['says how to start it', {}, {}, 'CUTOVER_HOST is not set: this program is a runtime. Start it with childProcess('],
    ['treats an empty path as none', {}, { CUTOVER_HOST: '' }, 'CUTOVER_HOST is not set'],
    ['names the variable that it reads', { hostVariable: 'MY_HOST' }, { CUTOVER_HOST: '/x' }, 'MY_HOST is not set'],
    [
      'names the path that no host listens at',
      {},
      { CUTOVER_HOST: '/nowhere/socket' },
      /No host listens at \/nowhere\/socket \(CUTOVER_HOST\): .*ENOENT.* Let a host start this program\./,
    ],
  ])('%s, and ends with code 1', async (_, options, env, message) => {
    const program = new Program({ options }, env)
    expect(await program.ended).toBe(1)
    expect(program.stderr).toMatch(message)
    expect(program.stderr).toContain(FAILED)
    expect(program.said).toEqual([])
  })

  it('rejects a module without call, an invalid version and an invalid limit', async () => {
    expect(await rejectionOf(serve({} as never))).toMatchObject({ code: 'CUTOVER_INVALID_RUNTIME' })
    const module = { call: () => null }
    expect(await rejectionOf(serve(module, { version: '1.x' }))).toMatchObject({ code: 'CUTOVER_INVALID_VERSION' })
    for (const limit of ['maxFrameBytes', 'maxMessageItems', 'maxHostRequests', 'maxHostRequestBytes']) {
      const message = expect.stringContaining(`"${limit}"`)
      expect(await rejectionOf(serve(module, { [limit]: 0 }))).toMatchObject({
        code: 'CUTOVER_INVALID_OPTION',
        message,
      })
    }
  })

  it.each([1_023, 4_294_967_296])('rejects frames of at most %i bytes, as the host does', async maxFrameBytes => {
    const message = `Option "maxFrameBytes" must be from 1024 to 4294967295, got ${maxFrameBytes}.`
    const refused = { code: 'CUTOVER_INVALID_OPTION', message }
    expect(() => childProcess({ maxFrameBytes })).toThrow(expect.objectContaining(refused))
    expect(await rejectionOf(serve({ call: () => null }, { maxFrameBytes }))).toMatchObject(refused)
  })
})

describe('Roles of a program that serves', () => {
  it('it asks for them if its module has role, and hears each', async () => {
    const { program, connection, begin } = await hostOf({ hearsRoles: true })
    expect(await begin()).toMatchObject({ features: { cutover_role: true } })
    expect(await connection.request('RuntimeRoleRequest', { role: 'active' })).toEqual({ kind: 'Empty', payload: {} })
    await program.hasSaid('role active')
  })

  it('it asks for none without role, and takes none badly', async () => {
    const { connection, begin } = await hostOf()
    expect(await begin()).toMatchObject({ features: {} })
    expect(await connection.request('RuntimeRoleRequest', { role: 'active' })).toEqual({ kind: 'Empty', payload: {} })
  })

  it('it asks a host of Oasis Core, which sends no id, for none', async () => {
    const { tell } = await hostOf({ hearsRoles: true })
    expect(await tell({ id: undefined, version: undefined })).toMatchObject({ payload: { features: {} } })
  })

  it.each([[{}], [{ role: 'boss' }], [{ role: null }], [null], ['active']])(
    'it refuses the payload %j',
    async payload => {
      const { program, connection, begin } = await hostOf({ hearsRoles: true })
      await begin()
      expect(await rejectionOf(connection.request('RuntimeRoleRequest', payload))).toMatchObject({
        message: expect.stringMatching(
          /^(?:role must be one of next, sharing, active, leaving|RuntimeRoleRequest must be)/,
        ),
      })
      await connection.request('RuntimeRoleRequest', { role: 'next' })
      await program.hasSaid('role next')
      expect(program.said.filter(line => line.startsWith('role'))).toEqual(['role next'])
    },
  )
})

describe('A program that serves, started by childProcess()', () => {
  function hosted(options: object, hostVariable = 'CUTOVER_HOST'): RemoteHost {
    const args = [guestFile('serves').pathname, JSON.stringify({ options })]
    const provisioner = childProcess({ command: process.execPath, args, hostVariable })
    return new RemoteHost(config => provisioner.provision<Deed, unknown>(config))
  }

  it.each([
    ['gives no version', {}],
    ['gives the version of its config', { version: '1.0.0' }],
    ['gives that version with build metadata', { version: '1.0.0+linux' }],
  ])('answers calls when it %s', async (_, options) => {
    await using host = await hosted(options).started()
    expect(await host.do('echo')).toEqual({ do: 'echo' })
    expect(await host.runtime.getInfo()).toMatchObject({ version: '1.0.0' })
  })

  it('keeps to the limits of its host when its options repeat them', async () => {
    await using host = await hosted({ maxMessageItems: 100 }).started()
    expect(await host.do('echo')).toEqual({ do: 'echo' })
    const error = await rejectionOf(host.do('echo', { items: new Array(100).fill(0) }))
    expect(error).toMatchObject({ code: 'CUTOVER_INVALID_ANSWER', version: '1.0.0' })
    expect(host.types).toEqual(['started'])
  })

  it('is refused when it gives another version, and the error names both', async () => {
    await using host = hosted({ version: '2.0.0' })
    const error = await host.failure()
    expect(error).toMatchObject({ code: FAILED, version: '1.0.0' })
    expect(error.message).toMatch(/says that it is version 2\.0\.0, and its config that it is 1\.0\.0/)
  })

  it('reads the environment variable that both sides have agreed on', async () => {
    await using host = await hosted({ hostVariable: 'MY_HOST' }, 'MY_HOST').started()
    expect(await host.do('echo')).toEqual({ do: 'echo' })
  })
})

describe('A program that serves refuses', () => {
  it('a second RuntimeInfoRequest, while it starts and when it is up', async () => {
    const { program, tell, connection } = await hostOf({ hangsIn: 'start' })
    tell().catch(() => {})
    await program.hasSaid('starting')
    await expect(tell()).rejects.toThrow('The runtime got a second RuntimeInfoRequest. Send one per connection.')
    connection.initialized()
    await expect(connection.call('early')).rejects.toThrow('The runtime does not take calls: it is starting.')
    const up = await hostOf()
    await up.begin()
    await expect(up.tell()).rejects.toThrow('second RuntimeInfoRequest')
    expect(await up.connection.call('hello')).toBe('hello')
    expect(up.program.said).toEqual(['connected', 'starting'])
  })
})
