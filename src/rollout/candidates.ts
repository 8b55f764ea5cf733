import { asError, assertRuntime, type Runtime } from '../contract/index.js'
import { attempt } from '../support/index.js'
import type { Memory } from './memory.js'
import type { ObservedAggregate } from './observedAggregate.js'
import type { CompiledOptions } from './options.js'
import type { CompiledPlan } from './plan.js'
import { notStarted, usedRuntime } from './rolloutErrors.js'
import { within } from './within.js'

/** Makes the runtimes of a rollout, and puts the permanent version into place. */
export class Candidates<Req, Res> {
  readonly #observed: ObservedAggregate<Req, Res>
  readonly #memory: Memory
  readonly #options: CompiledOptions<Req, Res>
  readonly #closing: AbortSignal
  readonly #used = new WeakSet<Runtime<Req, Res>>()
  #restoring: Promise<void> | undefined

  /** @param closing - fires when the rollout is being disposed of */
  constructor(
    observed: ObservedAggregate<Req, Res>,
    memory: Memory,
    options: CompiledOptions<Req, Res>,
    closing: AbortSignal,
  ) {
    this.#observed = observed
    this.#memory = memory
    this.#options = options
    this.#closing = closing
  }

  /** @throws what the user's function throws; CutoverError `CUTOVER_INVALID_RUNTIME` */
  async provision({ provision }: CompiledPlan<Req, Res>, version: string): Promise<Runtime<Req, Res>> {
    const runtime = await provision(version)
    assertRuntime(runtime)
    const typed = runtime as Runtime<Req, Res>
    if (this.#used.has(typed)) throw usedRuntime(version)
    this.#used.add(typed)
    return typed
  }

  /** Passes on why the runtime does not run; undefined once it has started. Returns a function that ends this. */
  follow(runtime: Runtime<Req, Res>, failed: (error: Error | undefined) => void): () => void {
    let end = () => {}
    const ignore = () => {}
    attempt(() => {
      const subscription = runtime.watchEvents().subscribe({
        next: event => {
          if (event.type === 'started') failed(undefined)
          else if (event.type === 'failedToStart') failed(asError(event.error))
          else if (event.type === 'stopped' && event.reason !== undefined) failed(asError(event.reason))
        },
        error: ignore,
      })
      end = () => attempt(() => subscription.unsubscribe(), ignore)
    }, ignore)
    return () => end()
  }

  /**
   * Puts the permanent version into place. A second call joins the first.
   *
   * @throws (rejects) what `provision` throws; CutoverError `CUTOVER_START_FAILED`; `CUTOVER_DISPOSED` if the rollout is disposed of
   * meanwhile
   */
  restore(): Promise<void> {
    this.#restoring ??= this.#restore().finally(() => {
      this.#restoring = undefined
    })
    return this.#restoring
  }

  /** Resolves when no restore is under way; the caller that asked for it gets its failure. */
  async restored(): Promise<void> {
    await this.#restoring?.catch(() => {})
  }

  /** After `stop()` and `start()` of the aggregate, the permanent version is wanted, but has left. */
  restoreIfMissing(): void {
    const { permanent } = this.#memory
    const { state, wanted } = this.#observed.status
    if (state !== 'running' || permanent === null || wanted.active !== permanent) return
    if (this.#restoring !== undefined || this.#observed.aggregate.hasVersion(permanent)) return
    this.restore().catch((err: unknown) =>
      this.#options.logger.error({ version: permanent, err }, 'the permanent version could not be provisioned again'),
    )
  }

  /** Takes out a version that was added, but never started. */
  removeIfNeverStarted(version: string): void {
    const { versions, wanted } = this.#observed.status
    const isThere = versions.some(its => its.version === version && its.state === 'provisioned')
    if (isThere && version !== wanted.active && version !== wanted.next) this.#observed.aggregate.removeVersion(version)
  }

  async #restore(): Promise<void> {
    const { permanent } = this.#memory
    if (permanent === null) return
    const isOthers = () => {
      const { active } = this.#observed.status.wanted
      return (active !== null && active !== permanent) || this.#observed.aggregate.hasVersion(permanent)
    }
    if (isOthers()) return
    const { plan, clock } = this.#options
    const { startTimeout } = plan.facts
    const tooSlow = () => notStarted(permanent, startTimeout, undefined)
    const runtime = await within(clock, startTimeout, tooSlow, this.#closing, this.provision(plan, permanent))
    this.#closing.throwIfAborted()
    if (isOthers()) return
    this.#observed.aggregate.addVersion(permanent, runtime)
    const { next } = this.#observed.status.wanted
    void this.#observed.aggregate.setVersion(permanent, next).catch(() => {})
  }
}
