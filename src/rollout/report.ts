import type { JudgeReport, Phase } from './judge/index.js'

/** One step of a rollout, or a part of its soak, as it went. */
export interface StepReport extends JudgeReport {
  /** `step`; `soak`: the candidate was active; `crossing`: in the soak, half of the calls went to the standby. */
  readonly phase: Phase['kind']
  /** The number of the step, from 0. In the soak, the number of steps. */
  readonly step: number
  /** The candidate's share of the calls, in percent. */
  readonly percent: number
  /** How long it lasted, in ms. */
  readonly duration: number
}

/** The course of a rollout that ended without success. */
export interface RolloutReport {
  /** Canonical SemVer of the candidate. */
  readonly version: string
  /** The active version that it was to replace; null if there was none. */
  readonly from: string | null
  /** Why it ended, as a sentence. */
  readonly reason: string
  /** The steps, and the parts of the soak, that have begun. */
  readonly steps: readonly StepReport[]
}

/** The result of a rollout whose version stays. */
export interface RolloutResult {
  /** The version is the active one, and has proved itself. */
  readonly outcome: 'promoted'
  /** Canonical SemVer. */
  readonly version: string
  /** The active version before it; null if there was none. */
  readonly from: string | null
  /** Whether the store knows that it is permanent. If not, the version before it comes up after a restart. */
  readonly saved: boolean
  /** The steps, and the parts of the soak, that it went through. */
  readonly steps: readonly StepReport[]
  /** Why the version should have been rolled back, and could not be: its standby was lost, too. */
  readonly warning?: string
}
