import type { Aggregate } from 'cutover'
import type { Rollout, RolloutEvent, RolloutStatus, StepReport } from 'cutover/rollout'
import type { Load, Tally } from '../load.js'
import type { Rendered, RenderRequest } from '../markdown.js'
import { SHARES } from './plan.js'

/** A part of the rollout, as the picture lists it; times in ms since the start, null before they come. */
export interface Stage {
  readonly name: string
  begun: number | null
  ended: number | null
  hasFailed: boolean
  /** The calls of the new version that were judged. */
  calls: number
  failures: number
}

/** The state at one moment, and what has happened since the moment before. */
export interface Sample {
  /** ms since the start. */
  readonly at: number
  /** The new version's share of new calls, in percent. */
  readonly share: number
  /** The evidence that the new version is worse. */
  readonly evidence: number
  readonly failed: number
  readonly settled: number
}

/** A change of the rollout's state; the time in ms since the start. */
export interface Move extends Pick<RolloutStatus, 'state' | 'phase' | 'step'> {
  readonly at: number
}

interface CourseOptions {
  readonly from: string
  readonly to: string
  readonly aggregate: Pick<Aggregate<RenderRequest, Rendered>, 'status'>
  readonly rollout: Pick<Rollout<RenderRequest, Rendered>, 'status'>
  readonly load: Pick<Load, 'tallies' | 'settled'>
  readonly now: () => number
}

const FIRST_STEP = 2
const SWAP = FIRST_STEP + SHARES.length
const SOAK = SWAP + 1

/** Records how a rollout goes, for the picture and the results. */
export class Course {
  readonly stages: readonly Stage[]
  readonly samples: Sample[] = []
  readonly moves: Move[] = []
  readonly #options: CourseOptions
  #failed = 0
  #progress: StepReport | null = null

  constructor(options: CourseOptions) {
    this.#options = options
    const names = ['start', 'verify', ...SHARES.map(percent => `${percent} %`), 'swap', 'soak']
    this.stages = names.map(name => ({ name, begun: null, ended: null, hasFailed: false, calls: 0, failures: 0 }))
  }

  get versions(): { readonly from: string; readonly to: string } {
    return this.#options
  }

  get tallies(): ReadonlyMap<string, Tally> {
    return this.#options.load.tallies
  }

  get now(): number {
    return this.#options.now()
  }

  /** The limit that the evidence must reach; null while nothing is judged. */
  get limit(): number | null {
    return this.#progress?.limit ?? null
  }

  /** The evidence against the new version; after its end, the last one. */
  get evidence(): number {
    return this.#progress?.evidence['failures'] ?? 0
  }

  get phase(): Move['phase'] {
    return this.moves.at(-1)?.phase ?? null
  }

  note(event: RolloutEvent): void {
    if (event.type !== 'changed' || event.status.candidate !== this.#options.to) return
    const { state, phase, step } = event.status
    this.moves.push({ at: this.now, state, phase, step })
    const hasFailed = state === 'rejecting' || state === 'reverting'
    const stage = this.stages[stageOf(event.status) ?? this.stages.length]
    if (stage?.begun != null) return
    const running = this.stages.find(({ begun, ended }) => begun !== null && ended === null)
    if (running !== undefined) Object.assign(running, { ended: this.now, hasFailed })
    if (stage !== undefined) stage.begun = this.now
  }

  sample(): void {
    const { rollout, load } = this.#options
    const { progress } = rollout.status()
    this.#progress = progress ?? this.#progress
    const failed = [...load.tallies.values()].reduce((sum, tally) => sum + tally.failed, 0)
    this.samples.push({
      at: this.now,
      share: this.#share(),
      evidence: progress?.evidence['failures'] ?? 0,
      failed: failed - this.#failed,
      settled: load.settled,
    })
    this.#failed = failed
    if (progress !== null) this.#count([progress])
  }

  /** Takes over the exact figures at the end. */
  finish(steps: readonly StepReport[]): void {
    for (const stage of this.stages) {
      if (stage.begun !== null) stage.ended ??= this.now
    }
    this.#progress = steps.at(-1) ?? this.#progress
    this.#count(steps)
  }

  /** Adds up the parts of the soak. */
  #count(reports: readonly StepReport[]): void {
    const stages = reports.map(({ phase, step }) => this.stages[phase === 'step' ? FIRST_STEP + step : SOAK])
    for (const stage of stages) Object.assign(stage ?? {}, { calls: 0, failures: 0 })
    for (const [at, { candidate }] of reports.entries()) {
      const stage = stages[at]
      if (stage === undefined) continue
      stage.calls += candidate.calls
      stage.failures += candidate.failures
    }
  }

  #share(): number {
    const { aggregate, to } = this.#options
    const { active, next, share } = aggregate.status()
    if (active === to) return 100 - share
    return next === to ? share : 0
  }
}

function stageOf({ state, step }: RolloutStatus): number | undefined {
  if (state === 'preparing') return 0
  if (state === 'verifying') return 1
  if (state === 'stepping') return FIRST_STEP + (step ?? 0)
  if (state === 'promoting') return SWAP
  return state === 'soaking' ? SOAK : undefined
}
