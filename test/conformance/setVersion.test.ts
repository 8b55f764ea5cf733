import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf, stateOf } from '../fixtures/hosting.js'

const HANDOVERS = ['sequential', 'overlap'] as const

describe('what is wanted', () => {
  it('S7: a next that equals the active, by value, means no next', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const pair = await hosting.aggregate.setVersion('1.0.0', '1.0.0+other.build')
    expect(pair).toEqual({ active: '1.0.0', next: null })
    expect(hosting.aggregate.status().wanted).toEqual({ active: '1.0.0', next: null })
    expect(runtime.starts).toBe(1)
  })

  it.each([null, undefined])('S7: with %s as the active, the next becomes the active', async none => {
    const hosting = new Hosting()
    hosting.addWilling('1.0.0')
    hosting.aggregate.start()
    expect(await hosting.aggregate.setVersion(none, '1.0.0')).toEqual({ active: '1.0.0', next: null })
  })

  it('S8: while stopped it only records, and resolves with what is in place: nothing', async () => {
    const hosting = new Hosting()
    const one = hosting.addWilling('1.0.0')
    const two = hosting.addWilling('2.0.0')
    expect(await hosting.aggregate.setVersion('1.0.0', '2.0.0')).toEqual({ active: null, next: null })
    expect([one.starts, two.starts]).toEqual([0, 0])
    hosting.aggregate.start()
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', next: '2.0.0' })
    expect([one.starts, two.starts]).toEqual([1, 1])
  })

  it.each(HANDOVERS)('S8: a version started as next is promoted, not restarted (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(await hosting.aggregate.setVersion('2.0.0')).toEqual({ active: '2.0.0', next: null })
    expect(next).toMatchObject({ starts: 1, stops: 0 })
    expect(old).toMatchObject({ starts: 1, stops: 1 })
  })

  it.each(HANDOVERS)('S8: a wanted active that was not started in advance is started (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const old = await hosting.serve('1.0.0', { autoStop: true })
    const fresh = hosting.addWilling('2.0.0')
    expect(await hosting.aggregate.setVersion('2.0.0')).toEqual({ active: '2.0.0', next: null })
    expect([old.stops, fresh.starts]).toEqual([1, 1])
  })

  it('S8: an active version is torn down whatever its state, also while it is still starting', async () => {
    const hosting = new Hosting()
    const old = await hosting.serve('1.0.0', { autoStart: false, autoStop: true })
    expect(hosting.aggregate.status().versions[0]?.state).toBe('starting')
    await hosting.aggregate.setVersion(null)
    expect(old.stops).toBe(1)
    expect(hosting.aggregate.versions()).toEqual([])
  })

  it('S8: an unwanted next is torn down, and the wanted next is started', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const two = hosting.addWilling('2.0.0')
    const three = hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(await hosting.aggregate.setVersion('1.0.0', '3.0.0')).toEqual({ active: '1.0.0', next: '3.0.0' })
    expect(two).toMatchObject({ starts: 1, stops: 1 })
    expect(three).toMatchObject({ starts: 1, stops: 0 })
  })

  it('S8: unknown wanted versions are postponed with a warning, not an error', async () => {
    const hosting = new Hosting()
    hosting.aggregate.start()
    expect(await hosting.aggregate.setVersion('1.0.0', '2.0.0')).toEqual({ active: null, next: null })
    expect(hosting.warnings()).toEqual([
      'wanted versions have not been added, or have left. They start as soon as they are added. ' +
        'Until a version is active, calls wait up to 30000 ms (waitTimeout).',
    ])
    expect(hosting.logs.at(-1)?.object).toMatchObject({ versions: ['1.0.0', '2.0.0'] })
    hosting.addWilling('2.0.0')
    expect(hosting.aggregate.status()).toMatchObject({ active: null, next: '2.0.0' })
    hosting.addWilling('1.0.0')
    expect(hosting.aggregate.status()).toMatchObject({ active: '1.0.0', next: '2.0.0' })
  })

  it('S8: status() names the postponed versions, in every state, until they are added', async () => {
    const hosting = new Hosting({ waitTimeout: 100 })
    const postponed = () => hosting.aggregate.status().postponed
    expect(postponed()).toEqual([])
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(postponed()).toEqual(['1.0.0', '2.0.0'])
    hosting.aggregate.start()
    const call = hosting.aggregate.call('a')
    hosting.clock.increment(100)
    expect(await rejectionOf(call)).toMatchObject({
      code: 'CUTOVER_NO_ACTIVE_VERSION',
      message: expect.stringContaining('Version 1.0.0 has not been added.'),
    })
    hosting.addWilling('1.0.0')
    expect(postponed()).toEqual(['2.0.0'])
    await hosting.aggregate.setVersion('1.0.0', '3.0.0')
    expect(hosting.warnings().at(-1)).toMatch(/as soon as they are added\. Calls go to version 1\.0\.0\.$/)
    hosting.addWilling('3.0.0')
    expect(postponed()).toEqual([])
    await hosting.aggregate.stop()
    expect(postponed()).toEqual(['1.0.0', '3.0.0'])
    await hosting.aggregate.dispose()
    expect(postponed()).toEqual([])
  })

  it.each([
    ['active that nobody added', '9.0.0', null, '9.0.0'],
    ['next that nobody added', '1.0.0', '9.0.0', '9.0.0'],
    ['next alone that nobody added', null, '9.0.0', '9.0.0'],
    ['next that is active and has to leave first', '2.0.0', '1.0.0', '1.0.0'],
  ])('S8: with requireKnown, an %s is refused, and nothing has changed', async (_, active, next, version) => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const before = hosting.aggregate.status()
    const refusal = await rejectionOf(hosting.aggregate.setVersion(active, next, { requireKnown: true }))
    expect(refusal).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION', version })
    expect(hosting.aggregate.status()).toEqual(before)
    expect(hosting.warnings()).toEqual([])
  })

  it.each(HANDOVERS)('S8: with requireKnown, a version that is leaving is refused (%s)', async handover => {
    const hosting = new Hosting({ handover })
    await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0', null, { requireKnown: true })
    const refusal = await rejectionOf(hosting.aggregate.setVersion('1.0.0', '2.0.0', { requireKnown: true }))
    expect(refusal).toMatchObject({ code: 'CUTOVER_NO_SUCH_VERSION', version: '1.0.0' })
    hosting.runtimes[0]?.emitStopped()
    expect(await switched).toEqual({ active: '2.0.0', next: null })
  })

  it('S8: requireKnown is true or false, and a stopped aggregate checks it too', async () => {
    const { aggregate } = new Hosting()
    const known = { code: 'CUTOVER_NO_SUCH_VERSION' }
    expect(await rejectionOf(aggregate.setVersion('1.0.0', null, { requireKnown: true }))).toMatchObject(known)
    for (const options of [{ requireKnown: 'yes' }, null, 'requireKnown']) {
      const refusal = await rejectionOf(aggregate.setVersion('1.0.0', null, options as never))
      expect(refusal).toMatchObject({ code: 'CUTOVER_INVALID_OPTION' })
    }
    expect(aggregate.status().wanted).toEqual({ active: null, next: null })
    expect(await aggregate.setVersion(null, null, { requireKnown: true })).toEqual({ active: null, next: null })
  })

  it('S8: the active and the next version can change roles only through a new runtime', async () => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0', { autoStop: true })
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    expect(await hosting.aggregate.setVersion('2.0.0', '1.0.0')).toEqual({ active: '2.0.0', next: null })
    expect(hosting.aggregate.status().wanted).toEqual({ active: '2.0.0', next: '1.0.0' })
  })

  it.each(HANDOVERS)('S9: the promise resolves only once the old version is down (%s)', async handover => {
    const hosting = new Hosting({ handover })
    const old = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    expect(await stateOf(switched)).toBe('pending')
    old.emitStopped()
    expect(await switched).toEqual({ active: '2.0.0', next: null })
  })

  it.each(HANDOVERS)(
    'S9: of overlapping calls the last wins, and all resolve when it is settled (%s)',
    async handover => {
      const hosting = new Hosting({ handover })
      const one = await hosting.serve('1.0.0')
      const two = hosting.add('2.0.0', { autoStop: true })
      const three = hosting.addWilling('3.0.0')
      const promises = [
        hosting.aggregate.setVersion('2.0.0'),
        hosting.aggregate.setVersion('1.0.0'),
        hosting.aggregate.setVersion('3.0.0', '2.0.0'),
      ]
      for (const promise of promises) expect(await stateOf(promise)).toBe('pending')
      one.emitStopped()
      const settled = { active: '3.0.0', next: '2.0.0' }
      expect(await Promise.all(promises)).toEqual([settled, settled, settled])
      expect([one.stops, two.starts, two.stops, three.starts]).toEqual([1, 1, 0, 1])
    },
  )

  it('S9: a switch that is overtaken by stop() resolves with nothing in place', async () => {
    const hosting = new Hosting()
    const one = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    const switched = hosting.aggregate.setVersion('2.0.0')
    const stopped = hosting.aggregate.stop()
    one.emitStopped()
    await stopped
    expect(await switched).toEqual({ active: null, next: null })
  })

  it.each([
    ['1', null],
    ['1.0.0', 'latest'],
    [7, null],
  ])('S9: a call with the bad versions %j, %j rejects and changes nothing', async (active, next) => {
    const hosting = new Hosting()
    await hosting.serve('1.0.0')
    const before = hosting.aggregate.status()
    const promise = hosting.aggregate.setVersion(active as string, next)
    await expect(promise).rejects.toMatchObject({ code: 'CUTOVER_INVALID_VERSION' })
    expect(hosting.aggregate.status()).toEqual(before)
  })

  it('S10: setting the same version again and again starts its runtime once and stops it once', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    for (let i = 0; i < 3; i++) await hosting.aggregate.setVersion('1.0.0')
    const down = [hosting.aggregate.setVersion(null), hosting.aggregate.setVersion(null), hosting.aggregate.stop()]
    runtime.emitStopped()
    runtime.emitStopped()
    await Promise.all(down)
    expect(runtime).toMatchObject({ starts: 1, stops: 1 })
  })

  it('S10: a version wanted back while it stops is not revived: it leaves and is postponed', async () => {
    const hosting = new Hosting()
    const runtime = await hosting.serve('1.0.0')
    const away = hosting.aggregate.setVersion(null)
    const back = hosting.aggregate.setVersion('1.0.0')
    runtime.emitStopped()
    expect(await away).toEqual({ active: null, next: null })
    expect(await back).toEqual({ active: null, next: null })
    expect(runtime).toMatchObject({ starts: 1, stops: 1 })
    expect(hosting.addWilling('1.0.0').starts).toBe(1)
  })
})
