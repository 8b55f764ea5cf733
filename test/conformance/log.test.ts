import { describe, expect, it } from 'vitest'
import { Hosting, type LogLine } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const

const linesOf = (hosting: Hosting, level: LogLine['level']) =>
  hosting.logs.filter(line => line.level === level).map(({ object, message }) => `${object['version']} ${message}`)

describe('the log of an aggregate', () => {
  it.each(HANDOVERS)('S8: tells each step of a switch at info, in order (%s)', async handover => {
    const hosting = new Hosting({ handover })
    await hosting.serve('1.0.0', { autoStop: true })
    expect(linesOf(hosting, 'info')).toEqual([
      '1.0.0 version is active now',
      '1.0.0 version starts',
      '1.0.0 version is running',
    ])
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    hosting.logs.length = 0
    await hosting.aggregate.setVersion('2.0.0')
    const leaves = ['1.0.0 version stops', '1.0.0 version has left']
    const promoted = '2.0.0 version is active now'
    const expected = handover === 'overlap' ? [promoted, ...leaves] : [...leaves, promoted]
    expect(linesOf(hosting, 'info')).toEqual(expected)
    const left = hosting.logs.find(({ message }) => message === 'version has left')
    expect(left?.object['ms']).toEqual(expect.any(Number))
    expect(hosting.warnings()).toEqual([])
  })

  it('S8: tells that a version is running again after a restart, and nothing of one that never started', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    hosting.add('2.0.0')
    hosting.logs.length = 0
    hosting.aggregate.removeVersion('2.0.0')
    runtime.emitStopped()
    runtime.emitStarted()
    expect(linesOf(hosting, 'info')).toEqual(['1.0.0 version is running'])
  })

  it('S14: tells at warn that a next version fails to start, and why', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const err = new Error('no disk')
    next.emitFailedToStart(err)
    next.emitGaveUp(err)
    expect(hosting.logs.filter(({ level }) => level === 'warn')).toEqual([
      {
        level: 'warn',
        object: { aggregate: 'markdown', version: '2.0.0', role: 'next', err },
        message: 'version failed to start',
      },
      {
        level: 'warn',
        object: { aggregate: 'markdown', version: '2.0.0', role: 'next', err },
        message: 'version failed to start: its host has given up',
      },
    ])
  })

  it('S17: tells at warn that a version died, in any role, and why', async () => {
    const hosting = new Hosting()
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    next.emitStopped(new Error('no disk'))
    active.emitStopped(new Error('no memory'))
    active.emitStopped()
    expect(hosting.logs.filter(({ level }) => level === 'warn').map(({ object }) => object)).toMatchObject([
      { version: '2.0.0', role: 'next', err: { message: 'no disk' } },
      { version: '1.0.0', role: 'active', err: { message: 'no memory' } },
    ])
  })
})
