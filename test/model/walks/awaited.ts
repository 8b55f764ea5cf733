import fc from 'fast-check'
import type { Said } from '../oracle.js'
import type { Limits } from '../timedOracle.js'
import { Twin } from '../twin.js'
import { Command } from './command.js'

/** Something that happens; it is over, and the aggregate agrees with its oracle, before the next thing happens. */
class Happening extends Command<Twin> implements fc.AsyncCommand<object, Twin> {
  check(): boolean {
    return true
  }

  async run(_: object, twin: Twin): Promise<void> {
    this.perform(twin)
    await twin.agree()
  }
}

const version = fc.constantFrom('1.0.0', '2.0.0', '3.0.0')
const name = fc.option(version, { freq: 6 })
/** Counted back from the newest: those of late matter most. */
const which = fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(30) })
const said = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Said>('started', 'stopped', 'died') },
  { weight: 1, arbitrary: fc.constantFrom<Said>('failedToStart', 'gaveUp', 'updated', 'ended') },
)

const setVersion = fc
  .tuple(name, name)
  .map(([active, next]) => new Happening(`setVersion(${active}, ${next})`, twin => twin.setVersion(active, next)))
const add = version.map(version => new Happening(`addVersion(${version})`, twin => void twin.add(version)))
const remove = version.map(version => new Happening(`removeVersion(${version})`, twin => void twin.remove(version)))
const start = fc.constant(new Happening('start()', twin => void twin.start()))
const stop = fc.constant(new Happening('stop()', twin => twin.stop()))
const dispose = fc.constant(new Happening('dispose()', twin => twin.dispose()))
const call = fc.constant(new Happening('call()', twin => twin.call()))
const callInVain = fc.constant(new Happening('call() with an aborted signal', twin => twin.call(true)))
const abort = which.map(n => new Happening(`caller ${n} aborts`, twin => twin.abort(n)))
const answer = fc
  .tuple(which, fc.constantFrom('answered' as const, 'failed' as const))
  .map(([n, outcome]) => new Happening(`call ${n} is ${outcome}`, twin => twin.answer(n, outcome)))
const say = fc
  .tuple(which, said)
  .map(([n, said]) => new Happening(`runtime ${n} says ${said}`, twin => twin.hear(n, said)))
const wait = fc
  .constantFrom(100, 100, 1_000, 6_000, 31_000)
  .map(ms => new Happening(`${ms} ms pass`, twin => twin.advance(ms)))

/** What makes the aggregate busy comes often, what ends it seldom. */
const happening = fc.oneof(
  { weight: 80, arbitrary: say },
  { weight: 30, arbitrary: setVersion },
  { weight: 30, arbitrary: add },
  { weight: 30, arbitrary: call },
  { weight: 20, arbitrary: answer },
  { weight: 20, arbitrary: wait },
  { weight: 15, arbitrary: start },
  { weight: 5, arbitrary: abort },
  { weight: 5, arbitrary: remove },
  { weight: 3, arbitrary: stop },
  { weight: 2, arbitrary: callInVain },
  { weight: 1, arbitrary: dispose },
)

/** No sum of a few of these is another, so that never two things are due at once that have nothing to do with each other. */
const limits: fc.Arbitrary<Limits> = fc.record({
  handover: fc.constantFrom('sequential', 'overlap'),
  drainTimeout: fc.constantFrom(0, 1_009),
  stopTimeout: fc.constant(5_021),
  waitTimeout: fc.constantFrom(0, 30_047),
  maxWaitingCalls: fc.nat(3),
})

/** Where most walks begin, for there is most to be seen: one version serves, the next is up. */
async function serve(twin: Twin): Promise<void> {
  twin.start()
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) twin.add(version)
  twin.setVersion('1.0.0', '2.0.0')
  for (const version of ['1.0.0', '2.0.0']) twin.report(version, 'started')
  await twin.agree()
}

/** Whatever is done to an aggregate, one thing after the other: it does as its oracle says. */
export function awaited() {
  const isServing = fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
  const walk = fc.commands([happening], { maxCommands: 50, size: 'max' })
  return fc.asyncProperty(limits, isServing, walk, async (limits, isServing, commands) => {
    const twin = new Twin(limits)
    if (isServing) await serve(twin)
    await fc.asyncModelRun(() => ({ model: {}, real: twin }), commands)
    await twin.end()
  })
}
