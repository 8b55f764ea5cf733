import { isCutoverError, type Runtime } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { SemVer } from 'semver'
import { describe, expect, it } from 'vitest'
import { Hosting, ID, rejectionOf, stateOf } from '../fixtures/hosting.js'

const code = (expected: string) => expect.objectContaining({ name: 'CutoverError', code: expected })

describe('adding versions', () => {
  it('S1: a runtime of another id is refused and nothing changes', () => {
    const { aggregate } = new Hosting()
    const before = aggregate.status()
    const stranger = new ControllableRuntime<string, string>({ id: 'other', version: '1.0.0' })
    expect(() => aggregate.addVersion('1.0.0', stranger)).toThrow(code('CUTOVER_RUNTIME_MISMATCH'))
    expect(() => aggregate.addVersion('1.0.0', stranger)).toThrow(/"other".*"markdown"/)
    expect(aggregate.status()).toEqual(before)
    expect(stranger.subscribers).toBe(0)
  })

  it('S1: an aggregate is refused by itself, and by every aggregate in it', () => {
    const [outer, middle, inner] = [new Hosting(), new Hosting(), new Hosting()].map(({ aggregate }) => aggregate)
    if (outer === undefined || middle === undefined || inner === undefined) throw new Error('There are three.')
    outer.addVersion('1.0.0', middle)
    middle.addVersion('1.0.0', inner)
    const before = [outer, middle, inner].map(aggregate => aggregate.status())
    for (const aggregate of [outer, middle, inner]) {
      expect(() => aggregate.addVersion('2.0.0', aggregate)).toThrow(code('CUTOVER_INVALID_RUNTIME'))
    }
    expect(() => inner.addVersion('2.0.0', outer)).toThrow(
      /version 2\.0\.0 is this aggregate, or an aggregate that holds it/,
    )
    expect(() => inner.addVersion('2.0.0', middle)).toThrow(code('CUTOVER_INVALID_RUNTIME'))
    expect(() => middle.addVersion('2.0.0', outer)).toThrow(code('CUTOVER_INVALID_RUNTIME'))
    expect([outer, middle, inner].map(aggregate => aggregate.status())).toEqual(before)
    middle.removeVersion('1.0.0')
    inner.addVersion('2.0.0', middle)
    expect(inner.versions()).toEqual(['2.0.0'])
  })

  it.each(['id', 'call', 'watchEvents'])('S1: a runtime whose "%s" throws when it is read is refused by name', name => {
    const { aggregate } = new Hosting()
    const cause = new Error('getter')
    const runtime = Object.defineProperty(new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' }), name, {
      get: () => {
        throw cause
      },
    })
    const refused = expect.objectContaining({ code: 'CUTOVER_INVALID_RUNTIME', cause })
    expect(() => aggregate.addVersion('1.0.0', runtime)).toThrow(refused)
    expect(() => aggregate.addVersion('1.0.0', runtime)).toThrow(new RegExp(`runtime\\.${name} throws`))
    expect(aggregate.versions()).toEqual([])
  })

  it('S1: a version that is there already is refused, and the first runtime stays', async () => {
    const hosting = new Hosting()
    const first = await hosting.serve('1.0.0')
    const second = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    expect(() => hosting.aggregate.addVersion('1.0.0', second)).toThrow(code('CUTOVER_DUPLICATE_VERSION'))
    expect(() => hosting.aggregate.addVersion('1.0.0+build.7', second)).toThrow(code('CUTOVER_DUPLICATE_VERSION'))
    expect(hosting.aggregate.version('1.0.0')).toBe(first)
    expect(second.starts).toBe(0)
  })

  it.each([
    '',
    ' ',
    '1',
    '1.2',
    'v1.2.3',
    '=1.2.3',
    ' 1.2.3',
    '1.2.3 ',
    '^1.2.3',
    '>=1.0.0',
    '1.x',
    '*',
    'latest',
    '01.2.3',
    '1.2.3-',
    '1.2.3.4',
    '-1.2.3',
    `1.2.3-${'a'.repeat(10_000)}`,
    '9'.repeat(10_000),
  ])('S1: the text %j is not SemVer and is refused', text => {
    const { aggregate } = new Hosting()
    const runtime = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    expect(() => aggregate.addVersion(text, runtime)).toThrow(code('CUTOVER_INVALID_VERSION'))
    expect(aggregate.versions()).toEqual([])
  })

  it.each([
    undefined,
    null,
    1,
    1n,
    Number.NaN,
    true,
    {},
    [],
    { version: '1.x' },
    { version: 3 },
    Symbol('1.0.0'),
    () => '1.0.0',
  ])('S1: a version that is not a string, %s, is refused, and the message names what it got', value => {
    const { aggregate } = new Hosting()
    const runtime = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    expect(() => aggregate.addVersion(value as never, runtime)).toThrow(code('CUTOVER_INVALID_VERSION'))
    expect(() => aggregate.addVersion(value as never, runtime)).toThrow(/^version must be SemVer, got /)
  })

  it('S1: setVersion names the argument that is not SemVer, and nothing changes', async () => {
    const { aggregate } = new Hosting()
    const before = aggregate.status()
    const invalid = (name: string) =>
      expect.objectContaining({
        code: 'CUTOVER_INVALID_VERSION',
        message: expect.stringMatching(new RegExp(`^${name} must be SemVer, got `)),
      })
    expect(await rejectionOf(aggregate.setVersion('latest', '1.0.0'))).toEqual(invalid('active'))
    expect(await rejectionOf(aggregate.setVersion('1.0.0', 'latest'))).toEqual(invalid('next'))
    expect(await rejectionOf(aggregate.setVersion(null, 'v1.0.0'))).toEqual(invalid('next'))
    expect(aggregate.status()).toEqual(before)
  })

  it('S1: a message about a very long text is short', () => {
    const { aggregate } = new Hosting()
    const runtime = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    try {
      aggregate.addVersion('9'.repeat(10_000), runtime)
      expect.unreachable()
    } catch (error) {
      expect(isCutoverError(error, 'CUTOVER_INVALID_VERSION')).toBe(true)
      expect(String(error).length).toBeLessThan(300)
    }
  })

  it.each([
    'getActiveVersion',
    'getInfo',
    'getCapabilityTEE',
    'updateCapabilityTEE',
    'call',
    'watchEvents',
    'start',
    'abort',
    'stop',
  ] as const)('S1: a runtime without %s() is refused, and the message names the method', method => {
    const { aggregate } = new Hosting()
    const runtime = new ControllableRuntime<string, string>({ id: ID, version: '1.0.0' })
    Object.defineProperty(runtime, method, { value: undefined })
    expect(() => aggregate.addVersion('1.0.0', runtime)).toThrow(code('CUTOVER_INVALID_RUNTIME'))
    expect(() => aggregate.addVersion('1.0.0', runtime)).toThrow(new RegExp(`${method}\\(\\)`))
    expect(aggregate.hasVersion('1.0.0')).toBe(false)
  })

  it.each([undefined, null, 'runtime', 7, {}, { id: 7 }])('S1: %s is not a runtime', value => {
    const { aggregate } = new Hosting()
    expect(() => aggregate.addVersion('1.0.0', value as never)).toThrow(code('CUTOVER_INVALID_RUNTIME'))
  })

  it('S2: versions are listed in ascending SemVer precedence, canonical, without build metadata', () => {
    const hosting = new Hosting()
    for (const version of ['10.0.0', '2.0.0', '2.0.0-rc.10', '2.0.0-rc.2', '1.0.0+build.1']) hosting.add(version)
    expect(hosting.aggregate.versions()).toEqual(['1.0.0', '2.0.0-rc.2', '2.0.0-rc.10', '2.0.0', '10.0.0'])
    expect(hosting.aggregate.status().versions.map(({ version }) => version)).toEqual(hosting.aggregate.versions())
  })

  it('S2: a SemVer object and texts that differ in build metadata name the same version', async () => {
    const hosting = new Hosting()
    const runtime = hosting.addWilling('1.0.0+build.1')
    hosting.aggregate.start()
    expect(hosting.aggregate.hasVersion(new SemVer('1.0.0'))).toBe(true)
    expect(await hosting.aggregate.setVersion(new SemVer('1.0.0+build.2'))).toEqual({ active: '1.0.0', next: null })
    expect(hosting.aggregate.version('1.0.0+other')).toBe(runtime)
    expect(hosting.aggregate.getActiveVersion()).toBe('1.0.0')
  })

  it('S3: adding the wanted active version while running starts it before addVersion returns', async () => {
    const hosting = new Hosting()
    hosting.aggregate.start()
    await hosting.aggregate.setVersion('1.0.0')
    const runtime = hosting.add('1.0.0')
    expect(runtime.starts).toBe(1)
    expect(hosting.aggregate.getActiveVersion()).toBe('1.0.0')
  })

  it('S3: adding the wanted next version while running starts it before addVersion returns', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    expect(await hosting.aggregate.setVersion('1.0.0', '2.0.0')).toEqual({ active: '1.0.0', next: null })
    const next = hosting.add('2.0.0')
    expect(next.starts).toBe(1)
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', next: '2.0.0' })
  })

  it('S3: a wanted version added while stopped, or one that nobody wants, is not started', async () => {
    const hosting = new Hosting()
    await hosting.aggregate.setVersion('1.0.0')
    const wanted = hosting.add('1.0.0')
    expect(wanted.starts).toBe(0)
    hosting.aggregate.start()
    expect(wanted.starts).toBe(1)
    expect(hosting.add('3.0.0').starts).toBe(0)
  })
})

describe('removing and finding versions', () => {
  it('S4: the wanted active and next versions are refused, stopped or running', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    hosting.addWilling('1.0.0')
    hosting.addWilling('2.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    for (const begin of [() => {}, () => aggregate.start()]) {
      begin()
      expect(() => aggregate.removeVersion('1.0.0')).toThrow(code('CUTOVER_VERSION_IN_USE'))
      expect(() => aggregate.removeVersion('2.0.0')).toThrow(code('CUTOVER_VERSION_IN_USE'))
      expect(aggregate.versions()).toEqual(['1.0.0', '2.0.0'])
    }
  })

  it('S4: an unknown version is refused, also one that is wanted but was never added', async () => {
    const { aggregate } = new Hosting()
    expect(() => aggregate.removeVersion('1.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
    await aggregate.setVersion('1.0.0')
    expect(() => aggregate.removeVersion('1.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
    expect(() => aggregate.removeVersion('1')).toThrow(code('CUTOVER_INVALID_VERSION'))
  })

  it('S4: a version that never ran is taken out; its runtime is neither started, stopped nor watched', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const spare = hosting.add('2.0.0')
    hosting.aggregate.removeVersion('2.0.0')
    expect(hosting.aggregate.versions()).toEqual(['1.0.0'])
    expect(spare).toMatchObject({ starts: 0, stops: 0, subscribers: 0 })
    expect(hosting.add('2.0.0').starts).toBe(0)
  })

  it('S4: a version that is on its way out cannot be removed: it leaves by itself', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0')
    const switched = hosting.aggregate.setVersion(null)
    expect(() => hosting.aggregate.removeVersion('1.0.0')).toThrow(/leaves by itself/)
    expect(() => hosting.aggregate.removeVersion('1.0.0')).toThrow(code('CUTOVER_VERSION_IN_USE'))
    old.emitStopped()
    await switched
    expect(() => hosting.aggregate.removeVersion('1.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
  })

  it('S4: a version can be taken out while another one stops, which goes on stopping', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const old = await hosting.serve('1.0.0')
    hosting.add('2.0.0')
    hosting.add('3.0.0')
    const idle = aggregate.setVersion(null)
    aggregate.removeVersion('2.0.0')
    expect(await stateOf(idle)).toBe('pending')
    const stopped = aggregate.stop()
    aggregate.removeVersion('3.0.0')
    expect(await stateOf(stopped)).toBe('pending')
    expect(aggregate.versions()).toEqual(['1.0.0'])
    old.emitStopped()
    await Promise.all([idle, stopped])
    expect(old).toMatchObject({ stops: 1, subscribers: 0 })
    expect(hosting.errors()).toEqual([])
  })

  it('S5: version() gives only the current active and next, hasVersion() knows all', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const spare = hosting.add('3.0.0')
    hosting.add('2.0.0')
    const active = await hosting.serve('1.0.0')
    await aggregate.setVersion('1.0.0', '2.0.0')
    expect(aggregate.version('1.0.0')).toBe<Runtime>(active)
    expect(aggregate.version('2.0.0')).toMatchObject({ starts: 1 })
    expect(() => aggregate.version('3.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
    expect(() => aggregate.version('4.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
    expect(() => aggregate.version('4')).toThrow(code('CUTOVER_INVALID_VERSION'))
    expect(['1.0.0', '2.0.0', '3.0.0', '4.0.0'].map(version => aggregate.hasVersion(version))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(spare.starts).toBe(0)
  })

  it('S5: a wanted version that is not in place yet is not given out', async () => {
    const hosting = new Hosting()
    hosting.add('1.0.0')
    await hosting.aggregate.setVersion('1.0.0')
    expect(() => hosting.aggregate.version('1.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
  })

  it('S5: in an overlap the version that leaves is not given out any more', async () => {
    const hosting = new Hosting({ handover: 'overlap' })
    await hosting.serve('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.setVersion('2.0.0')
    expect(() => hosting.aggregate.version('1.0.0')).toThrow(code('CUTOVER_NO_SUCH_VERSION'))
    expect(hosting.aggregate.version('2.0.0')).toBe(next)
    expect(hosting.aggregate.hasVersion('1.0.0')).toBe(true)
  })

  it('S6: a version that stopped has left, and is used again by adding it again with a new runtime', async () => {
    const hosting = new Hosting()
    const { aggregate } = hosting
    const first = await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    await aggregate.setVersion('2.0.0')
    expect(aggregate.hasVersion('1.0.0')).toBe(false)
    expect(aggregate.versions()).toEqual(['2.0.0'])
    await aggregate.setVersion('1.0.0')
    expect(aggregate.status()).toMatchObject({ active: null, wanted: { active: '1.0.0' } })
    const again = hosting.addWilling('1.0.0')
    expect(aggregate.getActiveVersion()).toBe('1.0.0')
    expect(again.starts).toBe(1)
    expect(first).toMatchObject({ starts: 1, stops: 1, subscribers: 0 })
  })
})
