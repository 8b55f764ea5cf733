import { expect, it } from 'vitest'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const options = { module: guestFile('versatile'), maxFrameBytes: 64 * 1024 * 1024 }

it('A host with a larger maxFrameBytes exchanges larger messages with a module', async () => {
  await using host = await RemoteHost.ofModule(options).started()
  const value = new Uint8Array(20 * 1024 * 1024)
  expect(((await host.do('answer', { value })) as Uint8Array).length).toBe(value.length)
})

it('Of an error that is larger than the host takes, the beginning arrives, and no other call suffers', async () => {
  await using host = await RemoteHost.ofModule({ maxFrameBytes: 1_024 }).started()
  const [mine, other] = await Promise.allSettled([
    host.do('fail', { message: 'x'.repeat(500) }),
    host.do('answer', { value: 1 }),
  ])
  expect(mine).toMatchObject({ status: 'rejected', reason: { message: expect.stringMatching(/^TypeError: xxx/) } })
  expect([other.status, host.types]).toEqual(['fulfilled', ['started']])
})

it('An answer of more than the host takes rejects its call alone', async () => {
  const small = { module: guestFile('versatile'), maxFrameBytes: 10_000 }
  await using host = await RemoteHost.ofModule(small).started()
  const [mine, other] = await Promise.allSettled([host.do('large', { bytes: 20_000 }), host.do('answer', { value: 1 })])
  expect([mine.status, other.status, host.types]).toEqual(['rejected', 'fulfilled', ['started']])
})
