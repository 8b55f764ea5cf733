import { describe, expect, it } from 'vitest'
import { AskedAtOnce } from '../../fixtures/askedAtOnce.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'
import { turns } from '../../fixtures/turns.js'

const LOST = 'CUTOVER_RUNTIME_LOST'
const MEGABYTE = 1024 * 1024
const module = guestFile('versatile')

describe('A thread that does not read', () => {
  it('does not make the host clone its requests: 1 GiB of calls takes some MiB', async () => {
    await using host = await RemoteHost.ofThread({ module }).started()
    const blocked = rejectionOf(host.do('block'))
    const request = { bytes: new Uint8Array(MEGABYTE) }
    const before = process.memoryUsage().rss
    const calls = Array.from({ length: 1_000 }, () => rejectionOf(host.do('answer', request)))
    // Some turns, in which everything would be posted that the host is willing to post.
    await turns(100)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MEGABYTE)
    await host.runtime.abort({ force: true })
    for (const call of [blocked, ...calls]) expect(await call).toMatchObject({ code: LOST })
    expect(host.types).toEqual(['started', 'stopped', 'started'])
  })

  it('answers to what it has asked is ended when more than maxBufferedBytes of them pile up, and launched again', async () => {
    const asked = new AskedAtOnce(20)
    let block: (() => void) | undefined
    const onHostRequest = async (request: unknown) => {
      if (request === 'the last') block?.()
      await asked.answer()
      return new Uint8Array(MEGABYTE)
    }
    const options = { module, maxBufferedBytes: 16 * MEGABYTE }
    await using host = await RemoteHost.ofThread(options, { onHostRequest }).started()
    const again = host.next('started')
    // It blocks before its answers come.
    block = () => void host.do('block').catch(() => {})
    const error = await rejectionOf(host.do('askAndBlock', { times: 20 }))
    expect(error).toMatchObject({
      code: LOST,
      message: expect.stringMatching(/does not read: more than 16777216 bytes \(maxBufferedBytes\)/),
    })
    block = undefined
    await again
    expect(await host.do('answer', { value: 1 })).toBe(1)
  })
})

describe('A thread that reads', () => {
  it('is sent 200 MB in requests of 2 MB, all at once, and answers them', async () => {
    await using host = await RemoteHost.ofThread({ module }).started()
    const value = new Uint8Array(2 * MEGABYTE)
    const answers = await Promise.all(Array.from({ length: 100 }, () => host.do('length', { value })))
    expect(new Set(answers)).toEqual(new Set([2 * MEGABYTE]))
    expect(host.types).toEqual(['started'])
  })

  it('may be sent one request that is larger than what may be unread', async () => {
    await using host = await RemoteHost.ofThread({ module, maxBufferedBytes: 16 * MEGABYTE }).started()
    const value = new Uint8Array(40 * MEGABYTE)
    const lengths = [host.do('length', { value }), host.do('length', { value }), host.do('length', { value: [1] })]
    expect(await Promise.all(lengths)).toEqual([value.length, value.length, 1])
  })
})

describe('What a thread asks of its host', () => {
  it('waits above maxHostRequestBytes until there is room, and is answered', async () => {
    const asked = new AskedAtOnce(4)
    const options = { module, maxHostRequestBytes: 4 * MEGABYTE }
    await using host = await RemoteHost.ofThread(options, { onHostRequest: () => asked.answer() }).started()
    expect(await host.do('askOften', { times: 40, bytes: MEGABYTE })).toBe(40)
    expect(asked.most).toBe(4)
    expect(host.types).toEqual(['started'])
  })

  it('waits above maxHostRequests until there is room, and is answered', async () => {
    const asked = new AskedAtOnce(3)
    const options = { module, maxHostRequests: 3 }
    await using host = await RemoteHost.ofThread(options, { onHostRequest: () => asked.answer() }).started()
    expect(await host.do('askOften', { times: 50, bytes: 1 })).toBe(50)
    expect(asked.most).toBe(3)
  })
})
