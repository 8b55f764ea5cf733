import { expect, it } from 'vitest'
import { Scales } from '../../../src/inspect/scales.js'

it('What is small is weighed, and what is large, or has no end, is heavy', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  const throws = Object.defineProperty({}, 'a', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  expect(new Scales().weigh({ a: 1, b: 'text' }, undefined)).toBeLessThan(200)
  for (const heavy of ['x'.repeat(1e7), new Array(1e6), new Uint8Array(1e6), 2n ** 100_000n, cyclic, throws]) {
    expect(new Scales().weigh({ heavy })).toBeUndefined()
  }
})

it('A small view of a large buffer is heavy, as it keeps all of it; a small Buffer of Node is not', () => {
  expect(new Scales().weigh(new Uint8Array(1e6).subarray(0, 4))).toBeUndefined()
  expect(new Scales().weigh(new Uint8Array(60_000).subarray(0, 4))).toBeGreaterThan(60_000)
  expect(new Scales().weigh(new Uint8Array(8_192).subarray(0, 4))).toBeGreaterThan(8_192)
  expect(new Scales().weigh(Buffer.from('small'))).toBeLessThan(200)
})

it('The keys of a large object are asked for once, not again with each event', () => {
  let asked = 0
  const target = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`k${i}`, i]))
  const wide = new Proxy(target, {
    ownKeys(own) {
      asked++
      return Reflect.ownKeys(own)
    },
  })
  const scales = new Scales()
  for (let i = 0; i < 100; i++) expect(scales.weigh({ i, wide })).toBeUndefined()
  expect(asked).toBe(1)
})
