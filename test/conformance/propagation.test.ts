import { describe, expect, it } from 'vitest'
import { Hosting, rejectionOf } from '../fixtures/hosting.js'

describe('propagation to the next version', () => {
  const propagating = async () => {
    const hosting = new Hosting({ propagate: request => request.startsWith('sync') })
    const active = await hosting.serve('1.0.0', { autoStop: true })
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    return { hosting, active, next }
  }

  it('S16: only requests for which propagate is true go to the next version as well, at the same time', async () => {
    const { hosting, active, next } = await propagating()
    const order: string[] = []
    for (const [name, runtime] of Object.entries({ active, next })) {
      const call = runtime.call.bind(runtime)
      runtime.call = (request, options) => {
        order.push(name)
        return call(request, options)
      }
    }
    const calls = [hosting.aggregate.call('sync 1'), hosting.aggregate.call('other')]
    expect(order).toEqual(['active', 'next', 'active'])
    expect(active.calls.map(({ request }) => request)).toEqual(['sync 1', 'other'])
    expect(next.calls.map(({ request }) => request)).toEqual(['sync 1'])
    active.answerAll()
    expect(await Promise.all(calls)).toEqual(['sync 1', 'other'])
  })

  it('S16: a next version that never answers does not delay the answer', async () => {
    const { hosting, active, next } = await propagating()
    const call = hosting.aggregate.call('sync')
    active.answerAll()
    expect(await call).toBe('sync')
    expect(next.calls).toHaveLength(1)
  })

  it('S16: a next version that fails, by rejecting or by throwing, costs a warning and no more', async () => {
    const { hosting, active, next } = await propagating()
    const call = hosting.aggregate.call('sync')
    const notReady = new Error('not ready')
    next.calls[0]?.fail(notReady)
    active.answerAll()
    expect(await call).toBe('sync')
    const broken = new Error('broken')
    next.call = () => {
      throw broken
    }
    const another = hosting.aggregate.call('sync')
    active.answerAll()
    expect(await another).toBe('sync')
    expect(hosting.warnings()).toEqual(Array(2).fill('a call propagated to another version failed'))
    expect(hosting.logs.filter(({ level }) => level === 'warn').map(({ object }) => object)).toEqual([
      expect.objectContaining({ version: '2.0.0', err: notReady }),
      expect.objectContaining({ version: '2.0.0', err: broken }),
    ])
  })

  it('S16: a propagate that gives a promise gives no true', async () => {
    const hosting = new Hosting({ propagate: (async () => false) as never })
    const active = await hosting.serve('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.call('a').catch(() => {})
    expect([active.calls.length, next.calls.length]).toEqual([1, 0])
  })

  it('S16: a propagate that throws costs a warning and no more', async () => {
    const hosting = new Hosting({
      propagate: () => {
        throw new Error('no idea')
      },
    })
    const active = await hosting.serve('1.0.0')
    hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    const call = hosting.aggregate.call('a')
    active.answerAll()
    expect(await call).toBe('a')
    expect(hosting.warnings()).toHaveLength(1)
  })

  it.each([true, false])(
    'S16: a propagate that switches sends the call to the new version, and one that disposes to none: propagated %s',
    async isPropagated => {
      for (const durations of [false, true]) {
        let act = () => {}
        const hosting = new Hosting({
          durations,
          propagate: () => {
            act()
            return isPropagated
          },
        })
        const { aggregate } = hosting
        const active = await hosting.serve('1.0.0', { autoStop: true })
        const next = hosting.addWilling('2.0.0')
        await aggregate.setVersion('1.0.0', '2.0.0')
        act = () => void aggregate.setVersion('2.0.0')
        const call = aggregate.call('x')
        await aggregate.whenRunning()
        expect([active.calls.length, next.calls.length]).toEqual([0, 1])
        next.answerAll()
        expect(await call).toBe('x')
        hosting.addWilling('3.0.0')
        await aggregate.setVersion('2.0.0', '3.0.0')
        act = () => void aggregate.dispose()
        expect(await rejectionOf(aggregate.call('y'))).toMatchObject({ code: 'CUTOVER_DISPOSED' })
      }
    },
  )

  it('S16: once the next version is torn down or promoted, nothing is propagated to it', async () => {
    const { hosting, active, next } = await propagating()
    await hosting.aggregate.setVersion('1.0.0')
    void hosting.aggregate.call('sync').catch(() => {})
    expect(next.calls).toEqual([])
    active.answerAll()
    const three = hosting.addWilling('3.0.0')
    await hosting.aggregate.setVersion('1.0.0', '3.0.0')
    await hosting.aggregate.setVersion('3.0.0')
    void hosting.aggregate.call('sync').catch(() => {})
    expect(three.calls).toHaveLength(1)
  })

  it('S16: while the next version is being torn down, nothing is propagated to it', async () => {
    const hosting = new Hosting({ propagate: () => true })
    const active = await hosting.serve('1.0.0')
    const next = hosting.add('2.0.0', { autoStart: true })
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.setVersion('1.0.0')
    expect(hosting.aggregate.status().phase).toBe('stoppingNext')
    void hosting.aggregate.call('a').catch(() => {})
    expect([active.calls.length, next.calls.length]).toEqual([1, 0])
  })

  it('S16: calls that waited are propagated too', async () => {
    const hosting = new Hosting({ propagate: () => true })
    const active = hosting.addWilling('1.0.0')
    const next = hosting.addWilling('2.0.0')
    await hosting.aggregate.setVersion('1.0.0', '2.0.0')
    void hosting.aggregate.call('early').catch(() => {})
    hosting.aggregate.start()
    expect([active.calls.length, next.calls.length]).toEqual([1, 1])
  })
})
