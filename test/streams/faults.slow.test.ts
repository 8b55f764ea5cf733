import { setImmediate } from 'node:timers/promises'
import { Aggregate, streamed } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { expect, it } from 'vitest'
import { leftSince, resources } from '../fixtures/handles.js'
import { randomFrom } from '../fixtures/randomFrom.js'
import { RemoteHost } from '../fixtures/remoteHost.js'
import { EndlessSources, streamingModule } from '../fixtures/streams.js'
import { turns } from '../fixtures/turns.js'

/** `FAULTS=1000` for the full form. */
const FAULTS = Number(process.env['FAULTS'] ?? 80)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const QUICK = { module: streamingModule, minBackoff: 1, jitter: 0, shutdownTimeout: 200, killTimeout: 200 }

type Outcome = 'ended' | 'failed'

/** Calls with streams on one host, and the faults that they meet. */
class Faulty {
  readonly outcomes = new Map<string, number>()
  readonly #aggregate = new Aggregate({ id: 'streams', drainTimeout: 5 })
  readonly #sources = new EndlessSources()
  readonly #host: Provisioner
  readonly #random: () => number
  #version = 0

  constructor(host: Provisioner, random: () => number) {
    this.#host = host
    this.#random = random
  }

  async start(): Promise<void> {
    this.#aggregate.start()
    await this.#switch()
  }

  /** Lets streams flow, and makes one fault. Every stream must end. */
  async round(): Promise<void> {
    await this.#aggregate.whenRunning()
    const abort = new AbortController()
    // Before the fault, however slow the machine is.
    this.#count(await this.#answer({ op: 'count', to: 3 }, abort.signal))
    const streams = [
      this.#answer({ op: 'count', to: 40, waitAt: this.#below(40) }, abort.signal),
      this.#answer({ op: 'count', to: 30, size: 1 + this.#below(200_000) }, abort.signal),
      this.#answer({ op: 'count', to: 30, failAt: this.#below(30) }, abort.signal),
      this.#answer(streamed(this.#sources.make(1 + this.#below(100_000)), { op: 'hash' }), abort.signal),
      this.#answer(streamed(this.#sources.make(10), { op: 'double' }), abort.signal),
    ]
    await turns(this.#below(30))
    await this.#fault(abort)
    // A call that the fault does not end, such as one that was not in flight yet, ends by its signal.
    await turns(20)
    abort.abort(new Error('the round is over'))
    for (const outcome of await Promise.all(streams)) this.#count(outcome)
    expect(this.#aggregate.status().inFlight).toBe(0)
  }

  async end(): Promise<void> {
    await this.#aggregate.dispose()
    expect(this.#sources.open).toBe(0)
    for (const { calls, answered, failed, givenUp, cutOff, inFlight } of this.#aggregate.metrics().versions)
      expect([inFlight, calls]).toEqual([0, answered + failed + givenUp + cutOff])
  }

  async #fault(abort: AbortController): Promise<void> {
    const faults = [
      () => this.#aggregate.call({ op: 'die' }, { signal: abort.signal }).catch(() => {}),
      () => this.#switch(),
      () => abort.abort(new Error('given up')),
      () => this.#aggregate.abort().catch(() => {}),
      () => this.#aggregate.abort({ force: true }).catch(() => {}),
    ]
    const isInThisProcess = this.#host.name === 'in-process'
    const fault = isInThisProcess ? 1 + this.#below(faults.length - 1) : this.#below(faults.length)
    this.#count(`fault ${fault}`)
    await faults[fault]?.()
  }

  async #switch(): Promise<void> {
    const version = `1.0.${++this.#version}`
    this.#aggregate.addVersion(version, this.#host.provision({ id: 'streams', version }))
    await this.#aggregate.setVersion(version)
    await this.#aggregate.whenRunning()
  }

  async #answer(request: unknown, signal: AbortSignal): Promise<Outcome> {
    try {
      const answer = await this.#aggregate.call(request, { signal })
      if (!(answer instanceof ReadableStream)) return 'ended'
      const stop = this.#below(60)
      let read = 0
      for await (const _ of answer) {
        if (++read === stop) break
        if (this.#random() < 0.1) await setImmediate()
      }
      return 'ended'
    } catch {
      return 'failed'
    }
  }

  #below(max: number): number {
    return Math.floor(this.#random() * max)
  }

  #count(what: string): void {
    this.outcomes.set(what, (this.outcomes.get(what) ?? 0) + 1)
  }
}

it(`S17: ${FAULTS} faults: every stream ends, and nothing is left (seed ${SEED})`, { timeout: 300_000 }, async () => {
  const before = resources()
  const random = randomFrom(SEED)
  // A process takes the longest to come back.
  const hosts = [
    { faulty: new Faulty(inProcess(QUICK), random), faults: FAULTS * 0.45 },
    { faulty: new Faulty(workerThread(QUICK), random), faults: FAULTS * 0.35 },
    { faulty: new Faulty(childProcess(QUICK), random), faults: FAULTS * 0.2 },
  ]
  await Promise.all(
    hosts.map(async ({ faulty, faults }) => {
      await faulty.start()
      for (let i = 0; i < faults; i++) await faulty.round()
      await faulty.end()
    }),
  )
  for (const { faulty, faults } of hosts) {
    expect(faulty.outcomes.get('failed')).toBeGreaterThan(faults / 10)
    expect(faulty.outcomes.get('ended')).toBeGreaterThan(faults / 10)
  }
  expect(await leftSince(before)).toEqual([])
})

it.each([
  'streamOfTooManyChunks',
  'streamOfTooManyBytes',
  'streamInAnUnknownKind',
  'streamOfGarbage',
  'oneWayWithoutAgreement',
])('A guest that breaks the protocol of streams is launched again, and its streams fail: %s', async misdeed => {
  await using host = await RemoteHost.ofRawGuest(misdeed).started()
  const answer = host.runtime.call({ do: misdeed })
  answer.catch(() => {})
  // Nobody reads, so no credit is granted.
  await host.next('started')
  const read = async () => {
    for await (const _ of (await answer) as ReadableStream<unknown>);
  }
  await expect(read()).rejects.toMatchObject({ code: 'CUTOVER_RUNTIME_LOST' })
})

it('Messages about streams of nobody are ignored', async () => {
  await using host = await RemoteHost.ofRawGuest('streamsOfNobody').started()
  expect(await host.runtime.call({ do: 'answer' })).toBe('for you')
})
