import { childProcess } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'
import { hostOf } from './guestOf.js'

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
    expect(error).toMatchObject({ code: 'CUTOVER_START_FAILED', version: '1.0.0' })
    expect(error.message).toMatch(/says that it is version 2\.0\.0, and its config that it is 1\.0\.0/)
  })

  it('reads the environment variable that both sides have agreed on', async () => {
    await using host = await hosted({ hostVariable: 'MY_HOST' }, 'MY_HOST').started()
    expect(await host.do('echo')).toEqual({ do: 'echo' })
  })
})
