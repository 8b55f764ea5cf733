import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { Noted } from '../../fixtures/noted.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'
import { turns } from '../../fixtures/turns.js'

const LOST = 'CUTOVER_RUNTIME_LOST'
const MEGABYTE = 1024 * 1024

/** A host of a module whose calls are answered when the test says so. */
class Gate {
  readonly #arrived = new Noted<unknown>()
  readonly #open = new Map<unknown, (answer: string) => void>()
  readonly host: RemoteHost

  constructor(options: { readonly maxInFlight?: number; readonly maxWaitingCalls?: number }) {
    const onHostRequest = (value: unknown) => {
      this.#arrived.add(value)
      return new Promise<string>(resolve => this.#open.set(value, resolve))
    }
    this.host = RemoteHost.ofModule({ module: guestFile('versatile'), ...options }, { onHostRequest })
  }

  /** The calls that have come to the guest, in order. */
  get arrived(): readonly unknown[] {
    return this.#arrived.all
  }

  /** Resolves when so many calls have come to the guest. */
  hasGot(count: number): Promise<void> {
    return this.#arrived.count(count)
  }

  call(value: number, options: { readonly signal?: AbortSignal } = {}): Promise<unknown> {
    const answer = this.host.do('askHost', { value }, options)
    answer.catch(() => {})
    return answer
  }

  answer(value: number): void {
    this.#open.get(value)?.(`answer to ${value}`)
  }

  /** Nothing more is on its way: the answer to an abort comes behind it. What has not begun by then is aborted. */
  async settled(): Promise<void> {
    await this.host.runtime.abort()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.runtime.stop()
  }
}

describe('maxInFlight', () => {
  it('So many calls are sent to a guest that does not answer; the others go out in order, one for each answer', async () => {
    await using gate = new Gate({ maxInFlight: 3 })
    await gate.host.started()
    const answers = [1, 2, 3, 4, 5, 6].map(value => gate.call(value))
    await gate.hasGot(3)
    await gate.settled()
    expect(gate.arrived).toEqual([1, 2, 3])
    gate.answer(2)
    expect(await answers[1]).toBe('answer to 2')
    await gate.hasGot(4)
    await gate.settled()
    expect(gate.arrived).toEqual([1, 2, 3, 4])
    gate.answer(1)
    gate.answer(4)
    await Promise.all([answers[0], answers[3]])
    await gate.hasGot(6)
    await gate.settled()
    expect(gate.arrived).toEqual([1, 2, 3, 4, 5, 6])
    for (const value of [3, 5, 6]) gate.answer(value)
    expect(await Promise.all(answers)).toEqual([1, 2, 3, 4, 5, 6].map(value => `answer to ${value}`))
  })

  it('Calls that waited for the guest to come up are bound by it as well', async () => {
    await using gate = new Gate({ maxInFlight: 2 })
    const answers = [1, 2, 3].map(value => gate.call(value))
    await gate.host.started()
    await gate.hasGot(2)
    await gate.settled()
    expect(gate.arrived).toEqual([1, 2])
    for (const value of [1, 2]) gate.answer(value)
    await gate.hasGot(3)
    gate.answer(3)
    expect(await Promise.all(answers)).toEqual(['answer to 1', 'answer to 2', 'answer to 3'])
  })

  it('A call that was given up counts until the guest has answered it', async () => {
    await using gate = new Gate({ maxInFlight: 1 })
    await gate.host.started()
    const controller = new AbortController()
    const [first, second] = [gate.call(1, controller), gate.call(2)]
    await gate.hasGot(1)
    controller.abort(new Error('given up'))
    expect(await rejectionOf(first)).toBe(controller.signal.reason)
    await gate.settled()
    expect(gate.arrived).toEqual([1])
    gate.answer(1)
    await gate.hasGot(2)
    gate.answer(2)
    expect(await second).toBe('answer to 2')
  })
})

describe('maxWaitingCalls', () => {
  it('One call more is rejected at once, and the others are not', async () => {
    await using gate = new Gate({ maxInFlight: 1, maxWaitingCalls: 2 })
    await gate.host.started()
    const answers = [1, 2, 3].map(value => gate.call(value))
    expect(await rejectionOf(gate.call(4))).toMatchObject({
      code: 'CUTOVER_TOO_MANY_WAITING_CALLS',
      message: expect.stringMatching(/^2 calls are already waiting .*maxWaitingCalls/),
    })
    for (const value of [1, 2, 3]) {
      await gate.hasGot(value)
      gate.answer(value)
    }
    expect(await Promise.all(answers)).toHaveLength(3)
    expect(gate.arrived).toEqual([1, 2, 3])
  })

  it('A waiting call that is aborted rejects with the reason, leaves its place to another one, and is never sent', async () => {
    await using gate = new Gate({ maxInFlight: 1, maxWaitingCalls: 1 })
    await gate.host.started()
    const controller = new AbortController()
    const [first, second] = [gate.call(1), gate.call(2, controller)]
    const reason = new Error('given up')
    controller.abort(reason)
    expect(await rejectionOf(second)).toBe(reason)
    const third = gate.call(3)
    await gate.hasGot(1)
    gate.answer(1)
    await first
    await gate.hasGot(2)
    gate.answer(3)
    expect(await third).toBe('answer to 3')
    expect(gate.arrived).toEqual([1, 3])
  })
})

describe('A guest that does not read', () => {
  /** Requests of 1 MiB each, which share their bytes: what the host holds besides those is what it has encoded. */
  const request = { bytes: new Uint8Array(MEGABYTE) }

  it('does not make the host store its requests: 1 GiB of calls takes some MiB', async () => {
    await using host = await RemoteHost.ofRawGuest('stopsReading').started()
    host.do('begin').catch(() => {})
    const before = process.memoryUsage().rss
    const calls = Array.from({ length: 1_000 }, () => rejectionOf(host.do('answer', request)))
    // Some turns, in which everything would be written that the host is willing to write.
    await turns(100)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MEGABYTE)
    expect(host.types).toEqual(['started'])
    await host.runtime.abort({ force: true })
    for (const call of calls) expect(await call).toMatchObject({ code: LOST })
    expect(host.types).toEqual(['started', 'stopped', 'started'])
  })

  it('is found out by the watchdog, and every call rejects, sent or not', async () => {
    const options = { watchdogInterval: 100, watchdogTimeout: 200 }
    await using host = await RemoteHost.ofRawGuest('stopsReading', options).started()
    const again = host.next('started')
    host.do('begin').catch(() => {})
    const calls = Array.from({ length: 100 }, () => rejectionOf(host.do('answer', request)))
    for (const call of calls) {
      expect(await call).toMatchObject({ code: LOST, message: expect.stringMatching(/watchdogTimeout/) })
    }
    await again
  })

  it('but asks: its requests are held until it reads, so that no answers pile up, and the watchdog replaces it', async () => {
    let asked = 0
    const onHostRequest = () => {
      asked++
      return request
    }
    const options = { watchdogInterval: 200, watchdogTimeout: 300 }
    await using host = await RemoteHost.ofRawGuest('asksAndStopsReading', options, { onHostRequest }).started()
    const again = host.next('started')
    expect(await rejectionOf(host.do('begin'))).toMatchObject({ code: LOST })
    expect(asked).toBeGreaterThan(0)
    expect(asked).toBeLessThan(100)
    await again
  })
})

describe('A guest that sends more than it was asked for', () => {
  it('100,000 answers that nobody waits for are told in two lines, and the host goes on', async () => {
    const host = await RemoteHost.ofRawGuest('floodOfAnswers').started()
    expect(await host.do('answer')).toBe('flooded')
    expect(await host.do('answer', { value: 1 })).toMatchObject({ value: 1 })
    await host.runtime.stop()
    const warnings = host.logs.filter(({ level }) => level === 'warn')
    expect(warnings).toHaveLength(2)
    expect(warnings[1]).toMatchObject({ object: { count: 100_000 } })
  })
})
