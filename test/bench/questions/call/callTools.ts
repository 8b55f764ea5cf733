import { tracingChannel } from 'node:diagnostics_channel'
import { setImmediate as turn } from 'node:timers/promises'
import { Aggregate, type AggregateOptions, type CallOptions } from 'cutover'
import { Rollout } from 'cutover/rollout'
import { BenchRuntime } from '../../harness/benchRuntime.js'
import { rateOf } from '../../harness/load.js'
import type { Form, Goal, Row } from '../../harness/question.js'
import { inTurns, rowOf } from '../../harness/rounds.js'

/** The percentage of the calls that the next version gets. */
const SHARE = 10

interface Side {
  /** Whether the next version has a share; `judged`: in a step of a rollout. @default there is no next version */
  readonly share?: true | 'judged'
  readonly aggregate?: Partial<AggregateOptions<string>>
  readonly options?: CallOptions
  /** Whether somebody listens to `cutover.call` meanwhile. */
  readonly isTraced?: true
}

interface Case {
  readonly what: string
  readonly against: string
  readonly ours: Side
  readonly theirs: Side
  readonly goal?: number
}

const { signal } = new AbortController()
const key = { signal, key: 'user1' }

const CASES: readonly Case[] = [
  { what: 'a share of 10 %', against: 'no share', ours: { share: true }, theirs: {}, goal: 0.88 },
  {
    what: 'a share of 10 %, with a key',
    against: 'no share, the same options',
    ours: { share: true, options: key },
    theirs: { options: key },
    goal: 0.7,
  },
  { what: 'durations', against: 'no durations', ours: { aggregate: { durations: true } }, theirs: {} },
  {
    what: 'judged in a step of a rollout at 10 %',
    against: 'a share of 10 %',
    ours: { share: 'judged' },
    theirs: { share: true },
    goal: 0.95,
  },
  { what: 'a subscriber of cutover.call', against: 'no subscriber', ours: { isTraced: true }, theirs: {} },
]

/** The rows of the tools of a rollout: what a call costs with each of them. */
export async function callTools(form: Form): Promise<Row[]> {
  const rows: Row[] = []
  for (const testCase of CASES) for (const atOnce of [1, 64]) rows.push(await compare(testCase, atOnce, form))
  return rows
}

async function compare(testCase: Case, atOnce: number, { short }: Form): Promise<Row> {
  const { what, against, goal } = testCase
  await using ours = await setUp(testCase.ours)
  await using theirs = await setUp(testCase.theirs)
  const [measureOurs, measureTheirs] = [
    measure(ours.aggregate, testCase.ours),
    measure(theirs.aggregate, testCase.theirs),
  ]
  const round = (rounds: number) =>
    inTurns(
      rounds,
      () => measureOurs(atOnce),
      () => measureTheirs(atOnce),
    )
  await round(short ? 5 : 20)
  const pairs = await round(short ? 25 : 200)
  const bound: Goal | null = goal === undefined ? null : { of: 'ratio', atLeast: goal }
  return rowOf(`${what}, ${atOnce} at once`, against, 'calls/s', pairs, bound)
}

function measure(aggregate: Aggregate<string, string>, { options, isTraced }: Side) {
  const how = { calls: 5_000, ...(options === undefined ? {} : { options }) }
  return async (atOnce: number): Promise<number> => {
    const listeners = { start() {}, end() {}, asyncStart() {}, asyncEnd() {}, error() {} }
    const channel = tracingChannel('cutover.call')
    if (isTraced === true) channel.subscribe(listeners)
    const rate = await rateOf(aggregate, 'r', { ...how, atOnce })
    if (isTraced === true) channel.unsubscribe(listeners)
    return rate
  }
}

async function setUp({ share, aggregate: options }: Side) {
  const aggregate = new Aggregate<string, string>({ id: 'bench', ...options })
  aggregate.addVersion('1.0.0', new BenchRuntime())
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  if (share === 'judged') await rollOut(aggregate)
  if (share === true) {
    aggregate.addVersion('2.0.0', new BenchRuntime('2.0.0'))
    await aggregate.setVersion('1.0.0', '2.0.0')
    aggregate.setShare(SHARE)
  }
  await aggregate.call('r')
  return { aggregate, [Symbol.asyncDispose]: () => aggregate.dispose() }
}

/** Resolves in the only step of a rollout, which lasts until the aggregate is disposed of. */
async function rollOut(aggregate: Aggregate<string, string>): Promise<void> {
  const rollout = new Rollout<string, string>(aggregate, {
    provision: version => new BenchRuntime(version),
    steps: [{ percent: SHARE, manual: true }],
  })
  await rollout.start()
  rollout.to('2.0.0').catch(() => {})
  while (rollout.status().state !== 'stepping') await turn()
}
