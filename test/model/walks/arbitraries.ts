/** The walks that fast-check generates. It shrinks towards the first alternative of each list. */
import fc, { type Arbitrary } from 'fast-check'
import type { Command } from './command.js'
import * as commands from './commands.js'
import type { WalkOptions } from './records.js'
import type { Behaviour } from './walkHost.js'
import type { World } from './world.js'

/** Commands that are performed at once, with nothing in between. */
type Batch = readonly Command<World>[]

/** The commands of each actor, in order. The scheduler says whose command is next. */
export interface Walk {
  readonly options: WalkOptions
  /** Whether the walk begins with two versions in place. */
  readonly isWarm: boolean
  readonly users: readonly (readonly Batch[])[]
  readonly callers: readonly Batch[]
  /** Commands of the hosts and the clock. */
  readonly outside: readonly Batch[]
}

const COOPERATIVE: Behaviour = { start: 'emits', stop: 'emits', call: 'later', watch: 'works', inside: null }

/** The commands that most walks begin with. */
export const WARM: readonly Command<World>[] = [
  commands.add('1.0.0', { ...COOPERATIVE, stop: 'later', call: 'hangs' }),
  commands.add('2.0.0', { ...COOPERATIVE, stop: 'later' }),
  commands.start(),
  commands.setVersion('1.0.0', '2.0.0'),
]

const options: Arbitrary<WalkOptions> = fc.record({
  handover: fc.constantFrom('sequential', 'overlap'),
  drainTimeout: fc.constantFrom(10, 10, 0),
  stopTimeout: fc.constantFrom(20, 20, 20, 0),
  waitTimeout: fc.constantFrom(Number.POSITIVE_INFINITY, 15, 15, 0),
  maxWaitingCalls: fc.constantFrom(100, 100, 2, 1, 0),
  logger: fc.constantFrom('listens', 'listens', 'throws'),
  inspects: fc.constantFrom(false, false, false, true),
  hasKeys: fc.boolean(),
  compares: fc.boolean(),
  answersAtEnd: fc.boolean(),
})

const versions = fc.constantFrom('1.0.0', '2.0.0', '1.0.0', '2.0.0', '3.0.0')
const names = fc.oneof({ weight: 3, arbitrary: versions }, { weight: 1, arbitrary: fc.constant(null) })
const pairs = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(names, names).map(([active, next]) => commands.setVersion(active, next)) },
  { weight: 1, arbitrary: versions.map(next => commands.setVersion(null, next, false)) },
)
const signals = fc.constantFrom(null, null, 0, 0, 1, 2)

/** Commands that a subscriber performs inside an event, or a host inside one of its methods. */
const fromWithin: Arbitrary<Command<World>> = fc.oneof(
  { weight: 6, arbitrary: pairs },
  { weight: 4, arbitrary: fc.constant(commands.swap()) },
  { weight: 2, arbitrary: fc.constantFrom(0, 50, 100).map(commands.setShare) },
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      commands.call('c', null),
      commands.call('p', null),
      commands.call('c', 0),
      commands.call('p', null, '2.0.0'),
    ),
  },
  { weight: 3, arbitrary: fc.constantFrom(commands.start(), commands.stop(), commands.abortSignal(0)) },
  { weight: 2, arbitrary: versions.map(version => commands.add(version, COOPERATIVE)) },
  { weight: 1, arbitrary: versions.map(commands.remove) },
  { weight: 1, arbitrary: fc.constant(commands.dispose()) },
)

const behaviour = fc.record({
  start: fc.constantFrom(
    'emits',
    'emits',
    'emits',
    'later',
    'later',
    'silent',
    'fails',
    'throws',
    'ends',
    'emitsSeveral',
  ),
  stop: fc.constantFrom(
    'emits',
    'emits',
    'later',
    'later',
    'silent',
    'silent',
    'throws',
    'rejects',
    'ends',
    'emitsSeveral',
  ),
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
const anyBehaviour: Arbitrary<Behaviour> = fc.tuple(behaviour, inside).map(([its, inside]) => ({ ...its, inside }))

const userCommands: Arbitrary<Command<World>> = fc.oneof(
  { weight: 12, arbitrary: pairs },
  { weight: 6, arbitrary: fc.constant(commands.swap()) },
  { weight: 4, arbitrary: fc.constantFrom(0, 50, 50, 100).map(commands.setShare) },
  { weight: 8, arbitrary: fc.tuple(versions, anyBehaviour).map(([version, its]) => commands.add(version, its)) },
  { weight: 3, arbitrary: fc.constantFrom(commands.start()) },
  { weight: 2, arbitrary: fc.constantFrom(commands.stop()) },
  { weight: 2, arbitrary: versions.map(commands.remove) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.oneof(fc.constant(null), names), signals)
      .map(([version, signal]) => commands.whenRunning(version, signal)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      commands.getInfo(),
      commands.abort(false),
      commands.abort(true),
      commands.updateCapability(),
    ),
  },
  { weight: 2, arbitrary: fc.array(fromWithin, { maxLength: 2 }).map(commands.watch) },
  { weight: 1, arbitrary: fc.constant(commands.dispose()) },
)

const callerCommands: Arbitrary<Command<World>> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .tuple(
        fc.constantFrom('c', 'c', 'p', 'p', 'x'),
        signals,
        fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: versions }),
      )
      .map(([kind, signal, pin]) => commands.call(kind, signal, pin)),
  },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2).map(commands.abortSignal) },
)

const emissions = fc.constantFrom(
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
  {
    weight: 3,
    arbitrary: fc.tuple(versions, emissions).map(([version, emission]) => commands.emits(version, emission)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(versions, fc.boolean()).map(([version, fails]) => commands.answers(version, fails)),
  },
  { weight: 3, arbitrary: fc.constantFrom(1, 4, 5, 10, 15, 20, 30).map(commands.pass) },
  { weight: 1, arbitrary: fc.constantFrom(5, 10, 20, 50).map(commands.stall) },
)

const anyCommand = fc.oneof(userCommands, callerCommands, outsideCommands)

/** All walks. The scheduler decides the order in which everything happens. */
export const walks: Arbitrary<Walk> = fc.record({
  options,
  isWarm: fc.constantFrom(false, true, true),
  users: fc.array(batchesOf(userCommands, 6), { minLength: 1, maxLength: 2 }),
  callers: batchesOf(callerCommands, 6),
  outside: batchesOf(outsideCommands, 8),
})

/** Mostly single commands; some together with any other commands. */
function batchesOf(command: Arbitrary<Command<World>>, maxLength: number): Arbitrary<readonly Batch[]> {
  const one = command.map(it => [it])
  const several = fc
    .tuple(command, fc.array(anyCommand, { minLength: 1, maxLength: 2 }))
    .map(([it, more]) => [it, ...more])
  return fc.array(fc.oneof({ weight: 3, arbitrary: one }, { weight: 1, arbitrary: several }), { maxLength })
}
