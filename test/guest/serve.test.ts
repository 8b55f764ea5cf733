import { childProcess } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'
import { serve } from '../../src/guest/serve.js'
import { rejectionOf } from '../fixtures/hosting.js'
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
