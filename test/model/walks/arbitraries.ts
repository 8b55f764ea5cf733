/** Walks as fast-check draws them; what comes first is what it shrinks to. */
import fc, { type Arbitrary } from 'fast-check'
import type { Command } from './command.js'
import * as does from './commands.js'
import type { WalkOptions } from './records.js'
import type { Habits } from './walkHost.js'
import type { World } from './world.js'

/** Several things done at once, without anything else in between. */
type Burst = readonly Command<World>[]

/** Who does what, each in this order; the scheduler says who is next. */
export interface Walk {
  readonly options: WalkOptions
  /** Before all others: two versions are in place. */
  readonly isWarm: boolean
  readonly users: readonly (readonly Burst[])[]
  readonly callers: readonly Burst[]
  /** The hosts and the clock. */
  readonly outside: readonly Burst[]
}

const COOPERATIVE: Habits = { start: 'says', stop: 'says', call: 'later', watch: 'works', inside: null }

/** What most walks begin with. */
export const WARM: readonly Command<World>[] = [
  does.add('1.0.0', { ...COOPERATIVE, stop: 'later', call: 'hangs' }),
  does.add('2.0.0', { ...COOPERATIVE, stop: 'later' }),
  does.start(),
  does.setVersion('1.0.0', '2.0.0'),
]

const options: Arbitrary<WalkOptions> = fc.record({
  handover: fc.constantFrom('sequential', 'overlap'),
  drainTimeout: fc.constantFrom(10, 10, 0),
  stopTimeout: fc.constantFrom(20, 20, 20, 0),
  waitTimeout: fc.constantFrom(Number.POSITIVE_INFINITY, 15, 15, 0),
  maxWaitingCalls: fc.constantFrom(100, 100, 2, 1, 0),
  logger: fc.constantFrom('listens', 'listens', 'throws'),
  inspects: fc.constantFrom(false, false, false, true),
  answersAtEnd: fc.boolean(),
})

const versions = fc.constantFrom('1.0.0', '2.0.0', '1.0.0', '2.0.0', '3.0.0')
const names = fc.oneof({ weight: 3, arbitrary: versions }, { weight: 1, arbitrary: fc.constant(null) })
const pairs = fc.tuple(names, names).map(([active, next]) => does.setVersion(active, next))
const signals = fc.constantFrom(null, null, 0, 0, 1, 2)

/** What a user does from within an event, or a host from within itself. */
const fromWithin: Arbitrary<Command<World>> = fc.oneof(
  { weight: 6, arbitrary: pairs },
  { weight: 6, arbitrary: fc.constantFrom(does.call('c', null), does.call('p', null), does.call('c', 0)) },
  { weight: 3, arbitrary: fc.constantFrom(does.start(), does.stop(), does.abortSignal(0)) },
  { weight: 2, arbitrary: versions.map(version => does.add(version, COOPERATIVE)) },
  { weight: 1, arbitrary: versions.map(does.remove) },
  { weight: 1, arbitrary: fc.constant(does.dispose()) },
)

const habits = fc.record({
  start: fc.constantFrom('says', 'says', 'says', 'later', 'later', 'silent', 'fails', 'throws', 'ends', 'chatters'),
  stop: fc.constantFrom('says', 'says', 'later', 'later', 'silent', 'silent', 'throws', 'rejects', 'ends', 'chatters'),
  call: fc.constantFrom('later', 'later', 'hangs', 'hangs', 'fails', 'throws', 'value'),
  watch: fc.constantFrom('works', 'works', 'works', 'works', 'works', 'works', 'works', 'throws'),
})
const inside = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.record({ method: fc.constantFrom('start', 'stop', 'call'), command: fromWithin }),
  },
)
const anyHabits: Arbitrary<Habits> = fc.tuple(habits, inside).map(([its, inside]) => ({ ...its, inside }))

const userCommands: Arbitrary<Command<World>> = fc.oneof(
  { weight: 12, arbitrary: pairs },
  { weight: 8, arbitrary: fc.tuple(versions, anyHabits).map(([version, its]) => does.add(version, its)) },
  { weight: 3, arbitrary: fc.constantFrom(does.start()) },
  { weight: 2, arbitrary: fc.constantFrom(does.stop()) },
  { weight: 2, arbitrary: versions.map(does.remove) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(null), names), signals)
      .map(([version, signal]) => does.whenRunning(version, signal)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(does.getInfo(), does.abort(false), does.abort(true), does.updateCapability()),
  },
  { weight: 2, arbitrary: fc.array(fromWithin, { maxLength: 2 }).map(does.watch) },
  { weight: 1, arbitrary: fc.constant(does.dispose()) },
)

const callerCommands: Arbitrary<Command<World>> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.constantFrom('c', 'c', 'p', 'p', 'x'), signals)
      .map(([kind, signal]) => does.call(kind, signal)),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2).map(does.abortSignal) },
)

const sayings = fc.constantFrom(
  'started',
  'stopped',
  'updated',
  'failedToStart',
  'gaveUp',
  'started',
  'died',
  'ended',
  'broke',
  'nonsense',
)
const outsideCommands: Arbitrary<Command<World>> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(versions, sayings).map(([version, saying]) => does.says(version, saying)) },
  { weight: 3, arbitrary: fc.tuple(versions, fc.boolean()).map(([version, fails]) => does.answers(version, fails)) },
  { weight: 3, arbitrary: fc.constantFrom(1, 4, 5, 10, 15, 20, 30).map(does.pass) },
  { weight: 1, arbitrary: fc.constantFrom(5, 10, 20, 50).map(does.stall) },
)

const anyCommand = fc.oneof(userCommands, callerCommands, outsideCommands)

/** Walks; a scheduler says in which order everything happens. */
export const walks: Arbitrary<Walk> = fc.record({
  options,
  isWarm: fc.constantFrom(false, true, true),
  users: fc.array(burstsOf(userCommands, 6), { minLength: 1, maxLength: 2 }),
  callers: burstsOf(callerCommands, 6),
  outside: burstsOf(outsideCommands, 8),
})

/** One thing at a time mostly, now and then together with whatever else may happen. */
function burstsOf(command: Arbitrary<Command<World>>, maxLength: number): Arbitrary<readonly Burst[]> {
  const one = command.map(it => [it])
  const several = fc
    .tuple(command, fc.array(anyCommand, { minLength: 1, maxLength: 2 }))
    .map(([it, more]) => [it, ...more])
  return fc.array(fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: several }), { maxLength })
}
