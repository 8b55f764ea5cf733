import { describe, expect, it } from 'vitest'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const versatile = guestFile('versatile')

describe('An ArrayBuffer', () => {
  it('is moved also when another request of its turn cannot be cloned', async () => {
    await using host = await RemoteHost.ofThread({ module: versatile }).started()
    const buffer = new ArrayBuffer(64)
    const results = await Promise.allSettled([
      host.do('answer', { value: 1 }),
      host.do('answer', { value: () => {} }),
      host.runtime.call({ do: 'transferIn', value: buffer }, { transfer: [buffer] }),
      host.do('answer', { value: 2 }),
    ])
    expect(results.map(result => (result.status === 'fulfilled' ? result.value : 'rejected'))).toEqual([
      1,
      'rejected',
      64,
      2,
    ])
  })

  it('is moved also when the module takes `transfer` out of its context', async () => {
    await using host = await RemoteHost.ofThread({ module: versatile }).started()
    expect(await host.do('transferOut', { destructured: true })).toHaveProperty('byteLength', 4)
  })
})
