import assert from 'node:assert/strict'
import type { Handover } from '../../../machines/index.js'
import { Aggregate } from '../../aggregate.js'
import { asError } from '../../errors.js'
import type { RuntimeEvent } from '../../runtime.js'
import { textOf } from '../eventText.js'
import type { Patience } from '../patience.js'
import { recordEvents } from '../recordEvents.js'
import { AudibleEvents } from './audibleEvents.js'
import { Calls } from './calls.js'
import { GatedRuntime } from './gatedRuntime.js'
import type { CompiledScenarios } from './options.js'
import { Promises } from './promises.js'
import { assertStatus } from './statusCheck.js'
import { isAtRest, isClosed, type ModelState, nameOfEvent, type Step, servingIn, stateOf } from './steps.js'
import { isSettledLater } from './whoAnswers.js'

/** Says `started`, `failedToStart` or `stopped` for each event that a runtime brings about. */
const SAID = {
  'version.running': 'started',
  'version.failedToStart': 'failedToStart',
  'version.lost': 'stopped',
  'version.stopped': 'stopped',
} as const satisfies Record<string, RuntimeEvent['type']>

/** A generated path, walked with a real aggregate and the user's runtimes. */
export class Walk {
  readonly #options: CompiledScenarios
  readonly #broken: string | undefined
  readonly #patience: Patience
  readonly #aggregate: Aggregate
  readonly #recorder: ReturnType<typeof recordEvents>
  readonly #audible = new AudibleEvents()
  readonly #calls: Calls
  readonly #promises: Promises
  /** Every runtime that there was; of a version the last one counts. */
  readonly #runtimes: GatedRuntime[] = []
  readonly #real = new Set<unknown>()
  /** The versions whose last failure to start was final. */
  readonly #givenUp = new Set<string>()

  constructor(options: CompiledScenarios, handover: Handover, broken: string | undefined, patience: Patience) {
    const { id, timeout, logger, inspect } = options
    this.#options = options
    this.#broken = broken
    this.#patience = patience
    // The scenario is over before the aggregate loses its own patience.
    const times = { drainTimeout: timeout, stopTimeout: timeout, waitTimeout: Number.POSITIVE_INFINITY }
    this.#aggregate = new Aggregate({ id, handover, logger, inspect, ...times })
    this.#recorder = recordEvents(this.#aggregate)
    this.#calls = new Calls(this.#aggregate, options, patience, this.#runtimes)
    this.#promises = new Promises(patience)
  }

  /** Takes every step, and compares after each. */
  async take(path: readonly Step[]): Promise<void> {
    for (const [i, step] of path.entries()) {
      const name = `Step ${i + 1} of ${path.length}, ${nameOfEvent(step.event)}`
      await this.#explained(name, () => this.#take(step, path.slice(i + 1)))
    }
    await this.#explained('After the last step', () => this.#expectNothingLeft())
  }

  /** Takes everything down, whatever became of it; afterwards nothing of it is left. */
  async dispose(patience: Patience): Promise<void> {
    this.#calls.end()
    for (const runtime of this.#runtimes) runtime.open()
    const disposed = this.#aggregate.dispose()
    try {
      await patience.for(disposed, 'dispose(), to clean up')
      await patience.for(Promise.allSettled(this.#runtimes.map(runtime => runtime.stopped())), 'stop(), to clean up')
    } finally {
      for (const runtime of this.#runtimes) runtime.abandon()
      await disposed
      for (const runtime of this.#runtimes) runtime.unwatch()
      this.#recorder.stop()
    }
  }

  /** What a runtime did wrong explains what else went wrong. */
  async #explained(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
      const fault = this.#fault()
      if (fault !== undefined) throw fault
    } catch (thrown) {
      const cause = this.#fault() ?? asError(thrown)
      throw new Error(`${name}: ${cause.message}`, { cause })
    }
  }

  async #take(step: Step, rest: readonly Step[]): Promise<void> {
    const { event, from, to } = step
    const serving = servingIn(from)
    // In flight while it happens; a version that dies loses its own.
    const isHarmless = serving !== null && !(event.type === 'version.lost' && event.version === serving)
    const answered = isHarmless ? this.#calls.send() : undefined
    const said = await this.#perform(step)
    if (serving !== null) await answered?.(serving)
    const answering = servingIn(to)
    if (isClosed(to)) await this.#calls.expectRefused('CUTOVER_DISPOSED', 'after dispose()')
    else if (this.#isHopeless(to, said)) {
      await this.#calls.expectRefused('CUTOVER_NO_ACTIVE_VERSION', 'to a version whose host has given up')
    } else if (answering === null && isSettledLater(to, rest)) this.#calls.wait()
    assertStatus(this.#aggregate.status(), to, answering === null ? this.#calls.waiting : 0)
    this.#assertHeard(this.#audible.after(step, said))
    if (answering !== null) {
      await this.#calls.expectWaitingAnswered(answering)
      await this.#calls.send()(answering)
    }
    if (isAtRest(to)) await this.#promises.expectDone(to)
  }

  /** Whether the host of the active version has said that it does not try to start it again (rule 15). */
  #isHopeless(to: ModelState, said: readonly RuntimeEvent[]): boolean {
    const { active } = to.context
    for (const event of said) {
      const version = 'version' in event ? event.version : undefined
      if (version === undefined) continue
      if (event.type === 'failedToStart' && event.final === true) this.#givenUp.add(version)
      else if (event.type === 'failedToStart' || event.type === 'started') this.#givenUp.delete(version)
    }
    return active !== null && stateOf(to, active) === 'starting' && this.#givenUp.has(active)
  }

  /** Versions and capabilities too; first in short, which is easier to read. */
  #assertHeard(expected: readonly RuntimeEvent[]): void {
    const { events } = this.#recorder
    const message = 'A subscriber did not hear what it should:'
    assert.deepEqual(this.#recorder.take(), expected.map(textOf), message)
    assert.deepEqual(events, expected, message)
  }

  /** @returns what the step's runtime said, if it is about one */
  async #perform({ event }: Step): Promise<readonly RuntimeEvent[]> {
    switch (event.type) {
      case 'addVersion':
        await this.#add(event.version)
        break
      case 'setVersion':
        this.#promises.expectPair(this.#aggregate.setVersion(event.active, event.next))
        break
      case 'removeVersion':
        this.#aggregate.removeVersion(event.version)
        break
      case 'start':
        this.#aggregate.start()
        break
      case 'stop':
      case 'dispose':
        this.#promises.expect(event.type, this.#aggregate[event.type]())
        break
      default: {
        const runtime = this.#runtimeOf(event.version)
        const { crash } = this.#options
        if (event.type === 'version.lost' && crash !== undefined) runtime.die(crash)
        await runtime.untilSaid(SAID[event.type], this.#patience)
        return runtime.release(SAID[event.type])
      }
    }
    return []
  }

  async #add(version: string): Promise<void> {
    const { provision, provisionBroken } = this.#options
    const make = version === this.#broken && provisionBroken !== undefined ? provisionBroken : provision
    const real = await this.#patience.for((async () => make(version))(), `provision() of version ${version}`)
    if (this.#real.has(real)) throw new Error('provision() gave the same runtime again: make another one each time.')
    this.#real.add(real)
    const runtime = new GatedRuntime(real, version)
    this.#aggregate.addVersion(version, runtime)
    this.#givenUp.delete(version)
    this.#runtimes.push(runtime)
  }

  #runtimeOf(version: string): GatedRuntime {
    const runtime = this.#runtimes.findLast(runtime => runtime.version === version)
    if (runtime === undefined) throw new Error(`The path is about version ${version}, which was never added.`)
    return runtime
  }

  #fault(): Error | undefined {
    return this.#runtimes.map(({ fault }) => fault).find(fault => fault !== undefined)
  }

  async #expectNothingLeft(): Promise<void> {
    const stopped = Promise.all(this.#runtimes.map(runtime => runtime.stopped()))
    await this.#patience.for(stopped, 'the promises of stop()')
    // What is said right behind the end is said in the next turns; nobody can wait for what is said later.
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    for (const { version, starts, stops, subscribers } of this.#runtimes) {
      assert.equal(stops, starts, `Version ${version} was started ${starts} times and stopped ${stops} times.`)
      assert.equal(subscribers, 0, `Version ${version} is still watched after dispose().`)
    }
  }
}
