import { describe, expect, it } from 'vitest'
import { leftSince, moreThan, resources } from '../../fixtures/handles.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { Noted } from '../../fixtures/noted.js'
import { expectReplacement, guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const LOST = 'CUTOVER_RUNTIME_LOST'
const FAILED = 'CUTOVER_START_FAILED'
const versatile = guestFile('versatile')

describe('A thread that does not come up', () => {
  it('has a module file that is not there: the failed start names the file', async () => {
    await using host = RemoteHost.ofThread({ module: guestFile('nowhere') })
    const error = await host.failure()
    expect(error).toMatchObject({ code: FAILED })
    expect(error.message).toMatch(/^Version 1\.0\.0 failed to start: .*nowhere\.mjs/)
  })

  it('has a module that throws while it is loaded: the failed start says what it threw', async () => {
    await using host = RemoteHost.ofThread({ module: new URL('../../fixtures/modules/throws.mjs', import.meta.url) })
    expect((await host.failure()).message).toMatch(/broken module/)
  })

  it('has a module without a function call: the failed start says so', async () => {
    await using host = RemoteHost.ofThread({ module: new URL('../../fixtures/modules/noCall.mjs', import.meta.url) })
    expect((await host.failure()).message).toMatch(/has no function "call"/)
  })

  it('takes longer than startTimeout: it is ended, and launched again', async () => {
    const options = { module: versatile, startTimeout: 200, killTimeout: 200 }
    await using host = RemoteHost.ofThread(options, { localConfig: { hang: true } })
    expect((await host.failure()).message).toBe(
      'Version 1.0.0 did not start within 200 ms (startTimeout). See its output, or raise startTimeout.',
    )
    await host.next('failedToStart')
  })
})

describe('A thread that dies with calls in flight', () => {
  const error = (facts: object) => expect.objectContaining(facts)

  it.each([
    ['exit', { exitCode: 3, stderr: 'I am leaving' }, {}],
    ['throwLater', { exitCode: 1, cause: error({ message: 'nobody catches this' }) }, {}],
    [
      'eat',
      { exitCode: 1, cause: error({ code: 'ERR_WORKER_OUT_OF_MEMORY' }) },
      { resourceLimits: { maxOldGenerationSizeMb: 16 } },
    ],
  ])('by %s: every call rejects, saying how it died, and the next thread answers', async (deed, cause, options) => {
    await using host = await RemoteHost.ofThread(options).started()
    await expectReplacement(host, deed, cause)
  })

  it('blocks its event loop for ever: the watchdog replaces it', async () => {
    await using host = await RemoteHost.ofThread({ watchdogInterval: 100, watchdogTimeout: 200 }).started()
    const again = host.next('started')
    expect(await rejectionOf(host.do('block'))).toMatchObject({
      code: LOST,
      message: expect.stringMatching(/did not answer a ping within 200 ms/),
    })
    await again
    expect(await host.do('answer', { value: 1 })).toBe(1)
    expect(host.types).toEqual(['started', 'stopped', 'started'])
  })

  it('writes 20 MB to stdout: what is logged is bounded, and it goes on', async () => {
    await using host = await RemoteHost.ofThread().started()
    expect(await host.do('flood', { megabytes: 20 })).toBe('flooded')
    expect(await host.do('answer', { value: 1 })).toBe(1)
    await host.runtime.stop()
    expect(host.logs.length).toBeLessThan(10_000)
    expect(host.logs.filter(({ message }) => /lines were dropped/.test(message)).length).toBeGreaterThan(0)
  })
})

describe('What cannot be cloned', () => {
  it('A request: only that call rejects, and the others of its turn are answered', async () => {
    await using host = await RemoteHost.ofThread().started()
    const good = (value: number) => host.do('answer', { value })
    const calls = [good(1), host.do('answer', { value: () => {} }), good(2), good(3)]
    const settled = await Promise.allSettled(calls)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
    expect(await rejectionOf(calls[1] as Promise<unknown>)).toMatchObject({
      message: expect.stringMatching(/request\.value is a function/),
    })
    expect(host.types).toEqual(['started'])
  })

  it('An answer: only that call rejects, and the others of its turn are answered', async () => {
    await using host = await RemoteHost.ofThread({ module: versatile }).started()
    const calls = [host.do('answer', { value: 1 }), host.do('uncloneable'), host.do('answer', { value: 2 })]
    const settled = await Promise.allSettled(calls)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await rejectionOf(calls[1] as Promise<unknown>)).toMatchObject({
      message: expect.stringMatching(/answer is a function/),
    })
    expect(await host.do('answer', { value: 3 })).toBe(3)
  })
})

describe('An ArrayBuffer', () => {
  it('is moved to the thread when the call says so, and else copied', async () => {
    await using host = await RemoteHost.ofThread({ module: versatile }).started()
    const [moved, copied] = [new ArrayBuffer(64), new ArrayBuffer(32)]
    const calls = [
      host.runtime.call({ do: 'transferIn', value: moved }, { transfer: [moved] }),
      host.do('transferIn', { value: copied }),
    ]
    expect(await Promise.all(calls)).toEqual([64, 32])
    expect([moved.byteLength, copied.byteLength]).toEqual([0, 32])
  })

  it('is moved to the caller when the module says so', async () => {
    await using host = await RemoteHost.ofThread({ module: versatile }).started()
    const answer = (await host.do('transferOut')) as ArrayBuffer
    expect([...new Uint8Array(answer)]).toEqual([1, 2, 3, 4])
    expect(await host.do('left')).toBe(0)
  })
})

describe('A thread that is stopped', () => {
  it('with calls in flight: each rejects at once, and stopped comes once', async () => {
    const host = await RemoteHost.ofThread().started()
    const calls = Array.from({ length: 20 }, () => rejectionOf(host.do('hang')))
    const stopped = host.runtime.stop()
    for (const call of calls) expect(await call).toMatchObject({ code: LOST, version: '1.0.0' })
    await stopped
    expect(host.types).toEqual(['started', 'stopped'])
    expect(await rejectionOf(host.do('pid'))).toMatchObject({ code: LOST })
  })

  it('while it starts: its signal fires, it never says started, and calls that waited reject', async () => {
    const requests = new Noted<unknown>()
    const onHostRequest = (request: unknown) => requests.add(request)
    const localConfig = { ask: 'may I', hang: true }
    // Were its signal not fired, this would be waited for.
    const options = { module: versatile, killTimeout: 60_000 }
    const host = RemoteHost.ofThread(options, { localConfig, onHostRequest })
    const waiting = rejectionOf(host.do('hang'))
    host.runtime.start()
    await requests.count(1)
    await host.runtime.stop()
    expect(await waiting).toMatchObject({ code: LOST })
    expect(host.types).toEqual(['stopped'])
  })

  it('while its event loop is blocked: it is ended all the same', async () => {
    const host = await RemoteHost.ofThread({ shutdownTimeout: 100, killTimeout: 60_000 }).started()
    const call = rejectionOf(host.do('block'))
    await host.runtime.stop()
    expect(await call).toMatchObject({ code: LOST })
    expect(host.types).toEqual(['started', 'stopped'])
  })

  it('leaves no port, thread or timer', async () => {
    const before = resources()
    const host = await RemoteHost.ofThread().started()
    expect(moreThan(before)).toContain('MessagePort')
    await Promise.allSettled([host.do('hang'), host.do('answer', { value: () => {} }), host.runtime.stop()])
    expect(await leftSince(before)).toEqual([])
    expect(host.types).toEqual(['started', 'stopped'])
  })
})
