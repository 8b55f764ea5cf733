import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MAX_MIRRORED, MirroredCalls, MirroredCounts } from '../../src/calls/mirroredCalls.js'
import type { MirroredOutcomes } from '../../src/calls/mirroredPairs.js'
import { type Mirror, Mirroring, type MirroringOptions } from '../../src/calls/mirroring.js'
import type { Backend } from '../../src/calls/route.js'
import { streamed } from '../../src/streams/index.js'
import { turns } from '../fixtures/turns.js'

const oops = new Error('oops')
const never = { call: () => new Promise<string>(() => {}) }
const outcomeOf = (version: string) => ({ version, duration: 1, status: 'fulfilled', value: 'yes' }) as const

/** A mirror of version 2.0.0, with what is logged. */
function mirrorOf(options: Partial<MirroringOptions<unknown>> = {}) {
  const logs: unknown[] = []
  const log = (fields: object, message: string) => void logs.push([fields, message])
  const logger = { debug() {}, info() {}, warn: log, error: log }
  const counts = new MirroredCounts()
  const mirrored = new MirroredCalls<unknown, string>('2.0.0', counts, logger)
  const backend = { version: '2.0.0', endpoint: { callee: never }, calls: mirrored.calls, mirrored }
  const mirroring = new Mirroring<unknown>({ propagate: () => true, onMirrored: undefined, logger, ...options })
  const mirror = mirroring.mirrorOf<string>(backend) as Mirror<unknown, string>
  return { mirroring, mirror, mirrored, counts, logs, backend: backend as Backend<unknown, string> }
}

/** Sends so many calls that nobody answers. */
function hang(mirrored: MirroredCalls<unknown, string>, count: number): void {
  for (let i = 0; i < count; i++) mirrored.send(never, i, undefined, null)
}

describe('A mirror', () => {
  it('is none for a version that nothing is propagated to', () => {
    const { mirroring, backend } = mirrorOf()
    const { mirrored: _, ...alone } = backend
    expect(mirroring.mirrorOf(alone)).toBe(null)
  })

  it.each([
    ['what propagate accepts', () => true, 'a', true],
    ['nothing that propagate refuses', () => false, 'a', false],
    ['nothing if propagate gives no boolean', () => 'yes' as never, 'a', false],
    ['no stream', () => true, streamed(new ReadableStream()), false],
  ])('wants %s', (_, propagate, request, expected) => {
    const { mirror, logs } = mirrorOf({ propagate })
    expect([mirror.wants(request), logs]).toEqual([expected, []])
  })

  it('wants nothing if propagate throws, and logs that', () => {
    const { mirror, logs } = mirrorOf({
      propagate() {
        throw oops
      },
    })
    expect(mirror.wants('a')).toBe(false)
    expect(logs).toEqual([[{ version: '2.0.0', err: oops }, 'a call propagated to another version failed']])
  })

  it('wants nothing while too many calls are unanswered, and logs that once', () => {
    const { mirror, mirrored, counts, logs } = mirrorOf()
    hang(mirrored, MAX_MIRRORED - 1)
    expect(mirror.wants('a')).toBe(true)
    hang(mirrored, 1)
    expect([mirror.wants('a'), mirror.wants('b'), counts.skipped]).toEqual([false, false, 2])
    const message = 'more than 1024 propagated calls are unanswered: further ones are left out meanwhile, said once'
    expect(logs).toEqual([[{ version: '2.0.0' }, message]])
    mirrored.endAll(oops, true)
    expect(logs[1]).toEqual([{ version: '2.0.0', calls: MAX_MIRRORED, err: oops }, 'propagated calls were ended'])
    expect(mirror.wants('a')).toBe(true)
    mirrored.endAll(oops, true)
    expect(logs).toHaveLength(2)
  })

  it('wants nothing while too many pairs are open', () => {
    const { mirror, counts } = mirrorOf({ onMirrored() {} })
    for (let i = 0; i < MAX_MIRRORED - 1; i++) mirror.prepare('a', undefined)?.pair?.begin()
    expect(mirror.wants('a')).toBe(true)
    mirror.prepare('a', undefined)?.pair?.begin()
    expect([mirror.wants('a'), counts.skipped]).toEqual([false, 1])
  })

  it('gives the other version the same request and options, or a copy of what is transferred', () => {
    const { mirror } = mirrorOf()
    const request = { bytes: Uint8Array.of(1) }
    const options = { key: 'a', transfer: [] }
    const same = mirror.prepare(request, options)
    expect([same?.request === request, same?.options === options, same?.pair]).toEqual([true, true, null])
    expect(mirror.prepare(request, undefined)).toEqual({ request, options: undefined, pair: null })
    const copied = mirror.prepare(request, { key: 'a', transfer: [request.bytes.buffer] })
    expect(copied).toEqual({ request, options: { key: 'a', transfer: undefined }, pair: null })
    expect(copied?.request).not.toBe(request)
  })

  it('gives the other version nothing that cannot be copied, and logs that', () => {
    const { mirror, logs } = mirrorOf()
    const request = { run() {}, bytes: Uint8Array.of(1) }
    expect(mirror.prepare(request, { transfer: [request.bytes.buffer] })).toBe(null)
    expect(logs).toMatchObject([[{ version: '2.0.0', err: { name: 'DataCloneError' } }, expect.any(String)]])
  })
})

describe('The outcomes of a mirrored call', () => {
  it('are handed over together, after a turn, and free the place of their pair', async () => {
    const heard: MirroredOutcomes[] = []
    const { mirror } = mirrorOf({ onMirrored: outcomes => void heard.push(outcomes) })
    for (let i = 0; i < MAX_MIRRORED; i++) {
      const pair = mirror.prepare(i, undefined)?.pair
      pair?.begin()
      if (i > 0) continue
      pair?.of('next').ended(outcomeOf('2.0.0'), false)
      await turns(1)
      expect(heard).toEqual([])
      pair?.of('active').ended(outcomeOf('1.0.0'), false)
      expect(heard).toEqual([])
    }
    expect(mirror.wants('a')).toBe(false)
    await turns(1)
    expect(heard).toEqual([{ request: 0, active: outcomeOf('1.0.0'), next: outcomeOf('2.0.0') }])
    expect(mirror.wants('a')).toBe(true)
  })

  it('have a copy of a request whose parts were transferred', async () => {
    const heard: MirroredOutcomes[] = []
    const { mirror } = mirrorOf({ onMirrored: outcomes => void heard.push(outcomes) })
    const request = Uint8Array.of(1)
    const pair = mirror.prepare(request, { transfer: [request.buffer] })?.pair
    structuredClone(request, { transfer: [request.buffer] })
    for (const role of ['active', 'next'] as const) pair?.of(role).ended(outcomeOf('1.0.0'), false)
    await turns(1)
    expect(heard).toMatchObject([{ request: Uint8Array.of(1) }])
  })

  it('are handed over in turns of a millisecond, and a handler that throws is logged', async () => {
    let now = 0
    const time = vi.spyOn(performance, 'now').mockImplementation(() => (now += 2))
    onTestFinished(() => time.mockRestore())
    const heard: unknown[] = []
    const { mirror, logs } = mirrorOf({
      onMirrored({ request }) {
        heard.push(request)
        if (request === 1) throw oops
      },
    })
    for (let i = 0; i < 3; i++) {
      const pair = mirror.prepare(i, undefined)?.pair
      for (const role of ['active', 'next'] as const) pair?.of(role).ended(outcomeOf('2.0.0'), false)
    }
    await turns(1)
    expect(heard).toEqual([0])
    await turns(2)
    expect(heard).toEqual([0, 1, 2])
    expect(logs).toEqual([[{ version: '2.0.0', err: oops }, 'onMirrored threw']])
  })
})
