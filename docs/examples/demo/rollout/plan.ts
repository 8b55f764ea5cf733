import assert from 'node:assert/strict'
import type { Runtime } from 'cutover'
import type { RolloutPlan } from 'cutover/rollout'
import type { Document } from '../documents.js'
import type { Flaw, Rendered, RenderRequest } from '../markdown.js'
import type { Fault } from '../options.js'

/** The shares of the new version, one after the other, in percent. */
export const SHARES = [5, 25] as const

/** The parts of a rollout, in ms. */
export interface Times {
  /** Only the old version serves. */
  readonly before: number
  readonly steps: readonly number[]
  readonly soak: number
  /** The version that stays serves alone. */
  readonly after: number
}

/** One document in so many is not rendered by a broken version. */
const FAILS_ON_ONE_IN = 25
/** In an outage, both versions fail on one document in so many. */
const OUT_IS_ONE_IN = 10
/** How many documents `verify` renders. */
const VERIFIED = 3
/** ms: on a slow machine, a step waits until there are enough calls to judge. */
const STEP_TIMEOUT = 120_000

export function timesOf(duration: number, fault: Fault): Times {
  return {
    before: duration * 0.1,
    steps: [Math.ceil(duration * 0.2), Math.ceil(duration * 0.25)],
    // The fault ends the soak early; on a slow machine it needs time until there are enough calls.
    soak: fault === 'break after' ? 120_000 : Math.ceil(duration * 0.35),
    after: duration * 0.1,
  }
}

/** The fault of the new version, or in an outage of both. @param file - is missing during the outage */
export function flawOf(fault: Fault, duration: number, documents: readonly Document[], file: string): Flaw | undefined {
  if (fault === 'none') return undefined
  const every = fault === 'outage' ? OUT_IS_ONE_IN : FAILS_ON_ONE_IN
  const flawed = documents.filter((_, index) => index % every === every - 1)
  const paths = (flawed.length > 0 ? flawed : documents.slice(-1)).map(({ path }) => path)
  if (fault === 'outage') return { documents: paths, when: { without: file } }
  return { documents: paths, when: fault === 'break' ? 'always' : { afterActive: duration * 0.1 } }
}

/** Asks a candidate to render a document. */
type Ask = (candidate: Pick<Runtime<RenderRequest, Rendered>, 'call'>, request: RenderRequest) => Promise<Rendered>

/** How a version proves itself: it renders some documents as marked itself does, and then takes more and more calls. */
export function planOf(
  times: Times,
  documents: readonly Document[],
  ask: Ask,
): Omit<RolloutPlan<RenderRequest, Rendered>, 'provision'> {
  return {
    verify: async candidate => {
      for (const [index, { path, digests }] of documents.slice(0, VERIFIED).entries()) {
        const { digest } = await ask(candidate, { id: -1 - index, path })
        assert.equal(digest, digests.get(candidate.version), `${path} is rendered wrong`)
      }
    },
    steps: SHARES.map((percent, index) => ({ percent, for: times.steps[index] })),
    soak: times.soak,
    health: { stepTimeout: STEP_TIMEOUT },
  }
}
