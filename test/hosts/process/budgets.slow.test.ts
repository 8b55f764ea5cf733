import { describe, expect, it } from 'vitest'
import { AskedAtOnce } from '../../fixtures/askedAtOnce.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const LOST = 'CUTOVER_RUNTIME_LOST'
const MEGABYTE = 1024 * 1024
const versatile = guestFile('versatile')

describe('The limits of a host', () => {
  it('maxMessageItems: an answer of a module that has more rejects its call alone, and one with as many does not', async () => {
    await using host = await RemoteHost.ofModule({ module: versatile, maxMessageItems: 100 }).started()
    const results = await Promise.allSettled([
      host.do('count', { items: 100 }),
      host.do('count', { items: 101 }),
      host.do('answer', { value: 1 }),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(results[1]).toMatchObject({
      reason: {
        code: 'CUTOVER_INVALID_ANSWER',
        version: '1.0.0',
        message: expect.stringMatching(
          /^The answer of version 1\.0\.0 cannot be sent: .*100 items \(maxMessageItems\)/,
        ),
      },
    })
    expect(host.types).toEqual(['started'])
  })

  it('maxMessageItems: requests of the host may have more', async () => {
    await using host = await RemoteHost.ofModule({ module: versatile, maxMessageItems: 100 }).started()
    expect(await host.do('length', { value: new Array(1_000).fill(0) })).toBe(1_000)
  })

  it('maxHostRequestBytes: what a module asks waits until there is room, and is answered', async () => {
    const asked = new AskedAtOnce(4)
    const options = { module: versatile, maxHostRequestBytes: 4 * MEGABYTE }
    await using host = await RemoteHost.ofModule(options, { onHostRequest: () => asked.answer() }).started()
    expect(await host.do('askOften', { times: 40, bytes: MEGABYTE })).toBe(40)
    expect(asked.most).toBe(4)
    expect(host.types).toEqual(['started'])
  })

  it('maxHostRequestBytes: one request may be larger than all may be', async () => {
    const options = { module: versatile, maxHostRequestBytes: 1_000 }
    const onHostRequest = async (request: unknown) => (request as Uint8Array).length
    await using host = await RemoteHost.ofModule(options, { onHostRequest }).started()
    expect(await host.do('askOften', { times: 3, bytes: MEGABYTE })).toBe(3)
    expect(host.types).toEqual(['started'])
  })

  it('maxHostRequests: what a module asks waits until there is room, and is answered', async () => {
    const asked = new AskedAtOnce(3)
    const options = { module: versatile, maxHostRequests: 3 }
    await using host = await RemoteHost.ofModule(options, { onHostRequest: () => asked.answer() }).started()
    expect(await host.do('askOften', { times: 50, bytes: 1 })).toBe(50)
    expect(asked.most).toBe(3)
  })

  it('maxBufferedBytes: a guest that lets more pile up is ended, and the error says how to allow it', async () => {
    const asked = new AskedAtOnce(10)
    const onHostRequest = () => asked.answer().then(() => new Uint8Array(MEGABYTE))
    const options = { maxFrameBytes: 2 * MEGABYTE, maxBufferedBytes: 3 * MEGABYTE }
    const args = [guestFile('greedyGuest').pathname]
    await using host = await RemoteHost.ofModule(
      { module: versatile, ...options },
      {
        command: process.execPath,
        args,
        onHostRequest,
      },
    ).started()
    const error = await rejectionOf(host.runtime.call('answersUnread' as never))
    expect(error).toMatchObject({
      code: LOST,
      message: expect.stringMatching(/more than 3145728 bytes .*raise maxBufferedBytes/),
    })
  })
})
