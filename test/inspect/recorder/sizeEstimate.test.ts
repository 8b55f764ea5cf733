import { expect, it } from 'vitest'
import { SizeEstimator } from '../../../src/inspect/recorder/sizeEstimate.js'

it('Small values get an estimate; large, cyclic and unreadable values get none', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const throws = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  expect(new SizeEstimator().estimate({ a: 1, b: 'text' }, undefined)).toBeLessThan(200)
  for (const large of ['x'.repeat(1e7), new Array(1e6), new Uint8Array(1e6), 2n ** 100_000n, cyclic, throws]) {
    expect(new SizeEstimator().estimate({ large })).toBeUndefined()
  }
})

it('A small view of a large buffer counts as large, since it keeps the whole buffer; a small Buffer does not', () => {
  expect(new SizeEstimator().estimate(new Uint8Array(1e6).subarray(0, 4))).toBeUndefined()
  expect(new SizeEstimator().estimate(new Uint8Array(60_000).subarray(0, 4))).toBeGreaterThan(60_000)
  expect(new SizeEstimator().estimate(new Uint8Array(8_192).subarray(0, 4))).toBeGreaterThan(8_192)
  expect(new SizeEstimator().estimate(Buffer.from('small'))).toBeLessThan(200)
})

it('The keys of an object with many keys are counted once, not for each event', () => {
  let counted = 0
  const target = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]))
  const wide = new Proxy(target, {
    ownKeys(own) {
      counted++
      return Reflect.ownKeys(own)
    },
  })
  const estimator = new SizeEstimator()
  for (let i = 0; i < 100; i++) expect(estimator.estimate({ i, wide })).toBeUndefined()
  expect(counted).toBe(1)
})
