/** The example of `docs/rollout.md`: a version of a price service comes in by steps. A test runs it. */
import assert from 'node:assert/strict'
import { Aggregate, type Clock } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { Rollout, type RolloutStore } from 'cutover/rollout'

interface Request {
  readonly sku: string
}

interface Price {
  readonly sku: string
  readonly total: number
}

/** Makes the service, and the rollout of its versions. */
export function createPricing(store: RolloutStore, clock?: Clock) {
  const processes = childProcess()
  const pricing = new Aggregate<Request, Price>({ id: 'pricing', callTimeout: 10_000 })
  const rollout = new Rollout(pricing, {
    provision: version =>
      processes.provision({ id: 'pricing', version, module: new URL(`./pricing-${version}.mjs`, import.meta.url) }),
    verify: async next => {
      const { sku, total } = await next.call({ sku: 'A1' })
      assert.ok(sku === 'A1' && total >= 100)
    },
    steps: [
      { percent: 5, for: 60_000 },
      { percent: 25, for: 60_000 },
    ],
    store,
    clock,
  })
  return { pricing, rollout }
}
