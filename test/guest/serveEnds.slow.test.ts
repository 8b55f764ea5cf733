import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { hostOf } from './guestOf.js'

describe('A program that serves is told to end', () => {
  it('by SIGTERM: it interrupts its calls, calls its stop and exits', async () => {
    const { program, connection, begin } = await hostOf()
    await begin()
    const call = rejectionOf(connection.call('hang'))
    expect(await connection.call('hello')).toBe('hello')
    program.process.kill('SIGTERM')
    expect(await program.ended).toBeTypeOf('number')
    expect(await call).toBeInstanceOf(Error)
    expect(program.said).toEqual(['connected', 'starting', 'told to stop', 'call interrupted', 'stopping'])
  })

  it('by the host: it confirms, then calls its stop', async () => {
    const { program, connection, begin } = await hostOf()
    await begin()
    expect(await connection.request('RuntimeShutdownRequest', {})).toEqual({ kind: 'Empty', payload: {} })
    await program.ended
    expect(program.said.slice(-2)).toEqual(['told to stop', 'stopping'])
  })

  it('twice, while its stop hangs: it calls its stop once, and exits when its host is gone', async () => {
    const { program, connection, socket, begin } = await hostOf({ hangsIn: 'stop' })
    await begin()
    await connection.request('RuntimeShutdownRequest', {})
    await program.hasSaid('stopping')
    program.process.kill('SIGTERM')
    socket.destroy()
    expect(await program.ended).toBe(1)
    expect(program.said.filter(line => line === 'stopping')).toHaveLength(1)
  })

  it('by SIGTERM while its start hangs: it exits without waiting, with code 0', async () => {
    const { program, tell } = await hostOf({ hangsIn: 'start' })
    tell().catch(() => {})
    await program.hasSaid('starting')
    program.process.kill('SIGTERM')
    expect(await program.ended).toBe(0)
    expect(program.said).toEqual(['connected', 'starting', 'told to stop'])
  })

  it('before its host has sent the RuntimeInfoRequest: it exits', async () => {
    const { program } = await hostOf()
    await program.hasSaid('connected')
    program.process.kill('SIGTERM')
    await program.ended
    expect(program.said).toEqual(['connected'])
  })

  it('and its stop throws: it logs the error to stderr and exits', async () => {
    const { program, begin } = await hostOf({ hangsIn: 'throwingStop' })
    await begin()
    program.process.kill('SIGTERM')
    await program.ended
    expect(program.stderr).toMatch(/"level":"warn".*the stop failed.*the module failed to stop/)
  })
})

describe('A program that serves and loses its host', () => {
  /** A second, and what a busy machine takes to tell. */
  const SOON = 1_400

  it.each([
    ['is idle', {}, 'stopping'],
    ['hangs in its stop', { hangsIn: 'stop' }, 'stopping'],
    ['hangs in its start', { hangsIn: 'start' }, 'told to stop'],
  ] as const)('ends with code 1 within a second when it %s', { retry: 2 }, async (_, behaviour, last) => {
    const { program, socket, begin, tell } = await hostOf(behaviour)
    if ('hangsIn' in behaviour && behaviour.hangsIn === 'start') {
      tell().catch(() => {})
      await program.hasSaid('starting')
    } else await begin()
    const lost = Date.now()
    socket.destroy()
    expect(await program.ended).toBe(1)
    expect(Date.now() - lost).toBeLessThan(SOON)
    expect(program.said.at(-1)).toBe(last)
  })
})
