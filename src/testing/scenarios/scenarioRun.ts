import assert from 'node:assert/strict'
import type { Handover } from '../../../machines/index.js'
import { Aggregate } from '../../aggregate/index.js'
import { asError, type RuntimeEvent } from '../../contract/index.js'
import type { Deadline } from '../deadline.js'
import { formatEvent } from '../formatEvent.js'
import { recordEvents } from '../recordEvents.js'
import { BufferedRuntime } from './bufferedRuntime.js'
import { CallChecks } from './callChecks.js'
import { ExpectedEvents } from './expectedEvents.js'
import type { CompiledScenarios } from './options.js'
import { PendingPromises } from './pendingPromises.js'
import { assertRoles } from './roleCheck.js'
import { assertStatus } from './statusCheck.js'
import { describeEvent, isAtRest, isClosed, type ModelState, type Step, servingVersion, versionState } from './steps.js'
import { isSettledLater } from './waitingCalls.js'

/** The event that a runtime emits, for each event of the machine that comes from a runtime. */
const EMITTED = {
  'version.running': 'started',
  'version.failed': 'failedToStart',
  'version.lost': 'stopped',
  'version.stopped': 'stopped',
} as const satisfies Record<string, RuntimeEvent['type']>

/** Runs one generated path with a real aggregate and the user's runtimes. */
export class ScenarioRun {
  readonly #options: CompiledScenarios
  readonly #broken: string | undefined
  readonly #deadline: Deadline
  readonly #aggregate: Aggregate
  readonly #recorder: ReturnType<typeof recordEvents>
  readonly #expectedEvents = new ExpectedEvents()
  readonly #calls: CallChecks
  readonly #promises: PendingPromises
  /** All runtimes, in the order in which they were added. A version may have been added more than once. */
  readonly #runtimes: BufferedRuntime[] = []
  /** The user's runtimes that are in use. */
  readonly #provisioned = new Set<unknown>()
  /** The versions whose last failed start was final. */
  readonly #givenUp = new Set<string>()

  /** @param broken - the version that `provisionBroken` makes */
  constructor(options: CompiledScenarios, handover: Handover, broken: string | undefined, deadline: Deadline) {
    const { id, timeout, logger, inspect } = options
    this.#options = options
    this.#broken = broken
    this.#deadline = deadline
    // The deadline of the case must pass before any timeout of the aggregate.
    const timeouts = { drainTimeout: timeout, stopTimeout: timeout, waitTimeout: Number.POSITIVE_INFINITY }
    this.#aggregate = new Aggregate({ id, handover, logger, inspect, ...timeouts })
    this.#recorder = recordEvents(this.#aggregate)
    this.#calls = new CallChecks(this.#aggregate, options, deadline, this.#runtimes)
    this.#promises = new PendingPromises(deadline)
  }

  /** Takes every step of the path, and checks the aggregate after each of them. */
  async run(path: readonly Step[]): Promise<void> {
    for (const [i, step] of path.entries()) {
      const name = `Step ${i + 1} of ${path.length}, ${describeEvent(step.event)}`
      await this.#explain(name, () => this.#take(step, path.slice(i + 1)))
    }
    await this.#explain('After the last step', () => this.#expectAllStopped())
  }

  /** Stops everything, in any state. Runtimes that do not stop before the deadline are abandoned. */
  async dispose(deadline: Deadline): Promise<void> {
    this.#calls.abortAll()
    for (const runtime of this.#runtimes) runtime.releaseAll()
    const disposed = this.#aggregate.dispose()
    try {
      await deadline.wait(disposed, 'dispose(), to clean up')
      const stops = this.#runtimes.map(runtime => runtime.stopSettled())
      await deadline.wait(Promise.allSettled(stops), 'stop(), to clean up')
    } finally {
      for (const runtime of this.#runtimes) runtime.abandon()
      // At once, unless the aggregate itself hangs; the error above says so already.
      await deadline.wait(disposed, 'dispose()').catch(() => {})
      for (const runtime of this.#runtimes) runtime.unsubscribe()
    }
  }

  /** Names the step in the error. A violation of the contract by a runtime explains any other error, so it goes first. */
  async #explain(name: string, act: () => Promise<void>): Promise<void> {
    try {
      await act()
      const violation = this.#violation()
      if (violation !== undefined) throw violation
    } catch (thrown) {
      const cause = this.#violation() ?? asError(thrown)
      throw new Error(`${name}: ${cause.message}`, { cause })
    }
  }

  async #take(step: Step, rest: readonly Step[]): Promise<void> {
    const { event, from, to } = step
    const serving = servingVersion(from)
    // A call is in flight during the step, unless the step crashes the version that has it.
    const keepsCalls = serving !== null && !(event.type === 'version.lost' && event.version === serving)
    const expectAnswer = keepsCalls ? this.#calls.send() : undefined
    const emitted = await this.#perform(step)
    if (serving !== null) await expectAnswer?.(serving)
    const nowServing = servingVersion(to)
    if (isClosed(to)) await this.#calls.expectRejected('CUTOVER_DISPOSED', 'after dispose()')
    else if (this.#hasGivenUp(to, emitted)) {
      await this.#calls.expectRejected('CUTOVER_NO_ACTIVE_VERSION', 'to a version whose host has given up')
    } else if (nowServing === null && isSettledLater(to, rest)) this.#calls.sendWaiting()
    assertStatus(this.#aggregate.status(), to, nowServing === null ? this.#calls.waiting : 0)
    assertRoles(to, version => this.#runtimeOf(version))
    this.#assertEvents(this.#expectedEvents.after(step, emitted))
    if (nowServing !== null) {
      await this.#calls.expectWaitingAnswered(nowServing)
      await this.#calls.send()(nowServing)
    }
    if (isAtRest(to)) await this.#promises.expectResolved(to)
  }

  /** Whether the host of the active version does not try to start it again by itself (rule 15). */
  #hasGivenUp(to: ModelState, emitted: readonly RuntimeEvent[]): boolean {
    const { active } = to.context
    for (const event of emitted) {
      const version = 'version' in event ? event.version : undefined
      if (version === undefined) continue
      if (event.type === 'failedToStart' && event.final === true) this.#givenUp.add(version)
      else if (event.type === 'failedToStart' || event.type === 'started') this.#givenUp.delete(version)
    }
    return active !== null && versionState(to, active) === 'starting' && this.#givenUp.has(active)
  }

  /** Compares the short forms first, because their difference is easier to read; then the events with capabilities. */
  #assertEvents(expected: readonly RuntimeEvent[]): void {
    const { events } = this.#recorder
    const message = 'A subscriber of the aggregate got other events than expected:'
    assert.deepEqual(this.#recorder.take(), expected.map(formatEvent), message)
    assert.deepEqual(events, expected, message)
  }

  /** @returns the events of the runtime that the step is about, if it is about one */
  async #perform({ event }: Step): Promise<readonly RuntimeEvent[]> {
    switch (event.type) {
      case 'addVersion':
        await this.#add(event.version)
        break
      case 'setVersion':
        this.#promises.add('setVersion', this.#aggregate.setVersion(event.active, event.next))
        break
      case 'swap':
        this.#promises.add('swap', this.#aggregate.swap())
        break
      case 'setShare':
        throw new Error('No scenario sets a share.')
      case 'removeVersion':
        this.#aggregate.removeVersion(event.version)
        break
      case 'start':
        this.#aggregate.start()
        break
      case 'stop':
      case 'dispose':
        this.#promises.add(event.type, this.#aggregate[event.type]())
        break
      default: {
        const runtime = this.#runtimeOf(event.version)
        const { crash } = this.#options
        if (event.type === 'version.lost' && crash !== undefined) runtime.crash(crash)
        await runtime.waitFor(EMITTED[event.type], this.#deadline)
        return runtime.releaseUpTo(EMITTED[event.type])
      }
    }
    return []
  }

  async #add(version: string): Promise<void> {
    const { provision, provisionBroken } = this.#options
    const make = version === this.#broken && provisionBroken !== undefined ? provisionBroken : provision
    const target = await this.#deadline.wait((async () => make(version))(), `provision() of version ${version}`)
    if (this.#provisioned.has(target)) {
      throw new Error('provision() returned the same runtime twice. It must make a new runtime for each call.')
    }
    this.#provisioned.add(target)
    const runtime = new BufferedRuntime(target, version)
    this.#aggregate.addVersion(version, runtime)
    this.#givenUp.delete(version)
    this.#runtimes.push(runtime)
  }

  #runtimeOf(version: string): BufferedRuntime {
    const runtime = this.#runtimes.findLast(runtime => runtime.version === version)
    if (runtime === undefined) throw new Error(`The path is about version ${version}, which was never added.`)
    return runtime
  }

  #violation(): Error | undefined {
    return this.#runtimes.map(({ violation }) => violation).find(violation => violation !== undefined)
  }

  async #expectAllStopped(): Promise<void> {
    const stopped = Promise.all(this.#runtimes.map(runtime => runtime.stopSettled()))
    await this.#deadline.wait(stopped, 'the promises of stop()')
    // Catches events that follow the end within a few turns of the event loop. No wait can catch later ones.
    for (let i = 0; i < 10; i++) await new Promise(resolve => setImmediate(resolve))
    for (const { version, starts, stops, subscribers } of this.#runtimes) {
      assert.equal(stops, starts, `Version ${version} was started ${starts} times and stopped ${stops} times.`)
      assert.equal(subscribers, 0, `The aggregate still watches version ${version} after dispose().`)
    }
  }
}
