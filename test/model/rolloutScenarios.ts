import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { RolloutOptions } from 'cutover/rollout'
import { expect } from 'vitest'
import { microtasks, rejectionOf } from '../fixtures/hosting.js'
import { Rolling } from '../rollout/rolling.js'

type Options = Partial<RolloutOptions<string, string>>
type Plan = Parameters<Rolling['order']>[1]

/** A path through the public API of a rollout, in a sentence, and what it does. */
export type Scenario = readonly [title: string, run: (inspect: NonNullable<Options['inspect']>) => Promise<Rolling>]

const EVENT_CHANNEL = 'cutover.event'
const SOAK = 1_000
const NEVER = () => new Promise<never>(() => {})
const STEP: Plan = { steps: [{ percent: 50, for: 1_000 }] }

/** The plans that rest in a state. */
const RESTING: Readonly<Record<string, Plan>> = {
  preparing: { provision: NEVER },
  verifying: { verify: NEVER },
  stepping: STEP,
  soaking: {},
}

/** The acts that may end a rollout in a state. */
const ENDS: Readonly<Record<string, (rolling: Rolling) => unknown>> = {
  'another order': rolling => rolling.order('3.0.0', { soak: 0 }),
  'another order with force': rolling => rolling.order('3.0.0', { soak: 0, force: true }),
  'cancel()': rolling => rolling.rollout.cancel(),
  'a dispose': rolling => rolling.rollout[Symbol.asyncDispose](),
  'a stop of the aggregate': rolling => rolling.aggregate.stop(),
  "somebody else's setVersion()": rolling => rolling.aggregate.setVersion('1.0.0'),
  'the loss of the candidate': rolling => rolling.runtime('2.0.0').emitStopped(new Error('segfault')),
  time: rolling => rolling.pass(200_000),
}

async function served(inspect: Options['inspect'], options: Options = {}): Promise<Rolling> {
  const rolling = new Rolling({ soak: SOAK, inspect, ...options })
  await rolling.serve('1.0.0')
  return rolling
}

function at(state: string, end: string): Scenario {
  return [
    `${end}, ${state}`,
    async inspect => {
      const rolling = await served(inspect)
      if (end === "somebody else's setVersion()" && state === 'preparing') rolling.silent.add('2.0.0')
      await rolling.order('2.0.0', rolling.silent.size > 0 ? {} : RESTING[state])
      if (rolling.provisioned.length > 1 || end !== 'the loss of the candidate') void ENDS[end]?.(rolling)
      await microtasks()
      return rolling
    },
  ]
}

/** In one state, reached at the end of another one and left within a turn, by a subscriber that acts at once. */
function atOnce(state: string, end: string, plan: Plan = {}, first = '1.0.0'): Scenario {
  return [
    `${end}, at once ${state}${first === '' ? ', of the first version' : ''}`,
    async inspect => {
      const rolling = first === '' ? new Rolling({ soak: SOAK, inspect }) : await served(inspect)
      rolling.when.set(state, () => ENDS[end]?.(rolling))
      await rolling.order('2.0.0', plan)
      if (state === 'reverting') rolling.rollout.cancel()
      await microtasks()
      return rolling
    },
  ]
}

const OWN: readonly Scenario[] = [
  [
    'the first version, and to() for it again',
    async inspect => {
      const rolling = new Rolling({ inspect })
      await rolling.serve('1.0.0')
      await rolling.order('1.0.0')
      return rolling
    },
  ],
  [
    'verify rejects',
    async inspect => {
      const rolling = await served(inspect, { verify: () => Promise.reject(new Error('no')) })
      await rolling.order('2.0.0')
      return rolling
    },
  ],
  [
    'provision throws',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0', { provision: () => Promise.reject(new Error('no')) })
      return rolling
    },
  ],
  [
    'steps pass by time and by advance(), with a pause, to the end',
    async inspect => {
      const rolling = await served(inspect, { health: { minCalls: 0 } })
      await rolling.order('2.0.0', { steps: [{ percent: 1, for: 10 }, { percent: 2, for: 10 }, { percent: 3 }] })
      rolling.rollout.pause()
      rolling.rollout.resume()
      await rolling.pass(10)
      rolling.rollout.advance()
      rolling.rollout.advance()
      await microtasks()
      await rolling.pass(SOAK)
      return rolling
    },
  ],
  [
    'a step without evidence is looked at again, and rejected',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0', STEP)
      for (const time of [1_000, 100, 8_900]) await rolling.pass(time)
      return rolling
    },
  ],
  [
    'a step ends with an unhealthy candidate',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0', STEP)
      rolling.failing.add('2.0.0')
      await rolling.calls(200)
      return rolling
    },
  ],
  [
    'a step ends with the active version down',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0', STEP)
      rolling.runtime('1.0.0').emitStopped()
      await rolling.pass(1_000)
      return rolling
    },
  ],
  [
    'the soak crosses over, the candidate goes back',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0', STEP)
      rolling.rollout.advance()
      await microtasks()
      rolling.failing.add('2.0.0')
      await rolling.calls(200)
      return rolling
    },
  ],
  ...[
    ['in time', 2_000, 0],
    ['after the time of the soak', 2_000, SOAK / 2],
    ['never', 0, SOAK],
  ].map(
    ([title, calls, time]): Scenario => [
      `the soak crosses over, and the crossing ends ${title}`,
      async inspect => {
        const rolling = await served(inspect)
        await rolling.order('2.0.0')
        await rolling.pass(SOAK / 2)
        rolling.failing.add('1.0.0').add('2.0.0')
        await rolling.calls(60)
        await rolling.pass(Number(time))
        rolling.failing.clear()
        await rolling.calls(Number(calls))
        return rolling
      },
    ],
  ),
  [
    'a step passes while somebody else takes the candidate out, before the rollout knows',
    async inspect => {
      const rolling = await served(inspect)
      const { promise } = await rolling.order('2.0.0', { steps: [{ percent: 1 }, { percent: 2 }] })
      // Told in the middle of setVersion().
      rolling.runtime('2.0.0').setRole = () => rolling.rollout.advance()
      await rolling.aggregate.setVersion('1.0.0')
      expect(await rejectionOf(promise)).toMatchObject({ code: 'CUTOVER_CANCELLED' })
      return rolling
    },
  ],
  [
    'the last step passes when the candidate is just lost, before the rollout knows',
    async inspect => {
      const rolling = await served(inspect)
      const { promise } = await rolling.order('2.0.0', { steps: [{ percent: 1 }] })
      const advance = () => rolling.rollout.advance()
      subscribe(EVENT_CHANNEL, advance)
      rolling.runtime('2.0.0').emitStopped(new Error('segfault'))
      unsubscribe(EVENT_CHANNEL, advance)
      expect(await rejectionOf(promise)).toMatchObject({
        code: 'CUTOVER_REJECTED',
        cause: { code: 'CUTOVER_NO_NEXT_VERSION' },
      })
      return rolling
    },
  ],
  [
    'a soak is rolled back',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0')
      await rolling.rollout.rollback()
      return rolling
    },
  ],
  [
    'a soak cannot be rolled back without its standby',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0')
      rolling.runtime('1.0.0').emitStopped()
      await rolling.rollout.rollback().catch(() => {})
      return rolling
    },
  ],
  ...['finishing', 'rejecting'].map(
    (state): Scenario => [
      `orders wait while ${state}, are cancelled, and a dispose ends the last`,
      async inspect => {
        const rolling = await served(inspect, { soak: 0 })
        await rolling.order('2.0.0', state === 'finishing' ? { soak: SOAK } : { verify: NEVER })
        const slow = rolling.runtime(state === 'finishing' ? '1.0.0' : '2.0.0')
        slow.stop = () => {}
        if (state === 'finishing') await rolling.pass(SOAK)
        else rolling.rollout.cancel()
        await microtasks()
        await rolling.order('3.0.0', { force: true })
        await rolling.order('4.0.0', { force: true })
        rolling.rollout.cancel()
        await rolling.order('5.0.0', { force: true })
        void rolling.rollout[Symbol.asyncDispose]()
        slow.emitStopped()
        await microtasks()
        return rolling
      },
    ],
  ),
  [
    'while reverting, the order that waits is cancelled',
    async inspect => {
      const rolling = await served(inspect)
      await rolling.order('2.0.0')
      rolling.when.set('reverting', () => rolling.rollout.cancel())
      await rolling.order('3.0.0', { force: true })
      return rolling
    },
  ],
  // An order comes some turns after its to(): one of them meets the swap back, or the promotion.
  ...Array.from(
    { length: 16 },
    (_, turns): Scenario => [
      `another order ${turns} turns before a swap back`,
      async inspect => {
        const rolling = await served(inspect)
        await rolling.order('2.0.0')
        void rolling.rollout.to('3.0.0').catch(() => {})
        for (let n = 0; n < turns; n++) await null
        if (rolling.rollout.status().state === 'soaking') rolling.rollout.cancel()
        await microtasks()
        return rolling
      },
    ],
  ),
  ...Array.from(
    { length: 16 },
    (_, turns): Scenario => [
      `another order with force ${turns} turns before a promotion`,
      async inspect => {
        const rolling = await served(inspect)
        await rolling.order('2.0.0', { steps: [{ percent: 1 }] })
        void rolling.rollout.to('3.0.0', { force: true }).catch(() => {})
        for (let n = 0; n < turns; n++) await null
        if (rolling.place === 'stepping.held') rolling.rollout.advance()
        await microtasks()
        return rolling
      },
    ],
  ),
]

export const SCENARIOS: readonly Scenario[] = [
  ...Object.keys(RESTING).flatMap(state => Object.keys(ENDS).map(end => at(state, end))),
  ...Object.keys(ENDS)
    .filter(end => end !== 'time')
    .flatMap(end => [atOnce('promoting', end), atOnce('promoting', end, {}, ''), atOnce('reverting', end)]),
  ...OWN,
]
