import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { RemoteHost } from '../../fixtures/remoteHost.js'

const HOSTS = [
  ['process', (options: object) => RemoteHost.ofModule(options)],
  ['thread', (options: object) => RemoteHost.ofThread(options)],
] as const

describe.each(HOSTS)('A %s with more work than it can do at once', (_, make) => {
  const compute = (host: RemoteHost, calls: number, ms: number, signal?: AbortSignal) =>
    Array.from({ length: calls }, () => host.do('compute', { ms }, signal === undefined ? {} : { signal }))

  // A stall of the machine may outlast a ping.
  it('is not taken for dead: it answers pings in between', { retry: 2 }, async () => {
    await using host = await make({ watchdogInterval: 50, watchdogTimeout: 300 }).started()
    // Longer than a ping may take.
    await Promise.all(compute(host, 50, 10))
    expect(host.types).toEqual(['started'])
  })

  it('sends answers as it has them, not all of them at the end', { retry: 2 }, async () => {
    await using host = await make({}).started()
    const begin = performance.now()
    const times = await Promise.all(compute(host, 100, 5).map(call => call.then(() => performance.now() - begin)))
    const total = Math.max(...times)
    expect(times[9]).toBeLessThan(total / 2)
  })

  it('does not begin calls that were given up meanwhile', { retry: 2 }, async () => {
    await using host = await make({}).started()
    const controller = new AbortController()
    const calls = compute(host, 400, 10, controller.signal)
    for (const call of calls) call.catch(() => {})
    await calls[0]
    controller.abort('enough')
    for (const call of calls.slice(200)) await rejectionOf(call)
    const begin = performance.now()
    await host.do('answer')
    expect(performance.now() - begin).toBeLessThan(2_000)
  })

  it('is interrupted by an abort without being restarted', async () => {
    await using host = await make({}).started()
    const calls = compute(host, 400, 10)
    const settled = Promise.allSettled(calls)
    await calls[0]
    await host.runtime.abort()
    const codes = (await settled).flatMap(it => (it.status === 'rejected' ? [it.reason.code] : []))
    expect(new Set(codes)).toEqual(new Set(['CUTOVER_ABORTED']))
    expect(host.types).toEqual(['started'])
  })

  it('may have answers of many megabytes under way', async () => {
    await using host = await make({}).started()
    // More than 64 MiB, the default of maxBufferedBytes.
    const answers = Array.from({ length: 36 }, () => host.do('answer', { value: new Uint8Array(2 * 1024 * 1024) }))
    for (const answer of await Promise.all(answers)) expect((answer as Uint8Array).length).toBe(2 * 1024 * 1024)
    expect(host.types).toEqual(['started'])
  })
})

describe('A process with as many calls in flight as it takes', () => {
  it('is still asked whether it is alive, to abort and to stop', async () => {
    const host = await RemoteHost.ofModule({
      maxInFlight: 12_000,
      watchdogInterval: 50,
      watchdogTimeout: 20_000,
      // To interrupt so many calls takes 100 ms on a quiet machine.
      abortTimeout: 20_000,
    }).started()
    const calls = Promise.allSettled(Array.from({ length: 11_000 }, () => host.do('wait')))
    // Calls go out in their order: the others are there.
    await host.do('answer')
    await host.runtime.abort()
    const answers = (await calls).map(it => (it.status === 'fulfilled' ? it.value : it.reason.message))
    expect(new Set(answers)).toEqual(new Set(['interrupted']))
    expect(host.types).toEqual(['started'])
    await host.runtime.stop()
  })
})

describe('What becomes of a runtime that is lost', () => {
  it('The logger is told why, also when no call was in flight', async () => {
    await using host = await RemoteHost.ofModule().started()
    const pid = (await host.do('pid')) as number
    const stopped = host.next('stopped')
    process.kill(pid, 'SIGKILL')
    await stopped
    const warning = host.logs.find(({ level, message }) => level === 'warn' && message.startsWith('a runtime was lost'))
    expect(warning?.object['err']).toMatchObject({ code: 'CUTOVER_RUNTIME_LOST', cause: { signal: 'SIGKILL' } })
  })
})
