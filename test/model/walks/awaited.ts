import fc from 'fast-check'
import { CheckedAggregate } from '../checkedAggregate.js'
import type { Said } from '../oracle.js'
import type { Limits } from '../timedOracle.js'
import { Command } from './command.js'

/** A command, after which the aggregate must agree with its oracle before the next command runs. */
class AgreedCommand extends Command<CheckedAggregate> implements fc.AsyncCommand<object, CheckedAggregate> {
  check(): boolean {
    return true
  }

  async run(_: object, checked: CheckedAggregate): Promise<void> {
    this.perform(checked)
    await checked.expectAgreement()
  }
}

const version = fc.constantFrom('1.0.0', '2.0.0', '3.0.0')
const name = fc.option(version, { freq: 6 })
/** An index from the end: recent items matter most. */
const which = fc.oneof({ weight: 4, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(30) })
const said = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<Said>('started', 'stopped', 'died') },
  { weight: 1, arbitrary: fc.constantFrom<Said>('failedToStart', 'gaveUp', 'updated', 'ended') },
)

const setVersion = fc.tuple(name, name, fc.boolean()).map(([active, next, requireKnown]) => {
  const text = `setVersion(${active}, ${next}${requireKnown ? ', requireKnown' : ''})`
  return new AgreedCommand(text, checked => checked.setVersion(active, next, requireKnown))
})
const setNext = version.map(
  next =>
    new AgreedCommand(`setVersion(null, ${next}, { promote: false })`, checked =>
      checked.setVersion(null, next, false, false),
    ),
)
const pin = version.map(version => new AgreedCommand(`call() of ${version}`, checked => checked.call(false, version)))
const swap = fc.constant(new AgreedCommand('swap()', checked => void checked.swap()))
const share = fc
  .constantFrom(0, 12.5, 50, 100)
  .map(percent => new AgreedCommand(`setShare(${percent})`, checked => void checked.setShare(percent)))
const add = version.map(version => new AgreedCommand(`addVersion(${version})`, checked => void checked.add(version)))
const remove = version.map(
  version => new AgreedCommand(`removeVersion(${version})`, checked => void checked.remove(version)),
)
const start = fc.constant(new AgreedCommand('start()', checked => void checked.start()))
const stop = fc.constant(new AgreedCommand('stop()', checked => checked.stop()))
const dispose = fc.constant(new AgreedCommand('dispose()', checked => checked.dispose()))
const call = fc.constant(new AgreedCommand('call()', checked => checked.call()))
const callInVain = fc.constant(new AgreedCommand('call() with an aborted signal', checked => checked.call(true)))
const abort = which.map(n => new AgreedCommand(`call ${n} is aborted`, checked => checked.abort(n)))
const answer = fc
  .tuple(which, fc.constantFrom('answered' as const, 'failed' as const))
  .map(([n, outcome]) => new AgreedCommand(`call ${n} is ${outcome}`, checked => checked.answer(n, outcome)))
const say = fc
  .tuple(which, said)
  .map(([n, said]) => new AgreedCommand(`runtime ${n} emits ${said}`, checked => checked.hear(n, said)))
const wait = fc
  .constantFrom(100, 100, 1_000, 6_000, 31_000)
  .map(ms => new AgreedCommand(`${ms} ms pass`, checked => checked.advance(ms)))

/** Commands that keep the aggregate busy are frequent; commands that end it are rare. */
const anyCommand = fc.oneof(
  { weight: 80, arbitrary: say },
  { weight: 30, arbitrary: setVersion },
  { weight: 30, arbitrary: add },
  { weight: 3, arbitrary: setNext },
  { weight: 15, arbitrary: pin },
  { weight: 15, arbitrary: swap },
  { weight: 15, arbitrary: share },
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

/** No sum of a few of these equals another, so that unrelated timers never fire at the same time. */
const limits: fc.Arbitrary<Limits> = fc.record({
  handover: fc.constantFrom('sequential', 'overlap'),
  drainTimeout: fc.constantFrom(0, 1_009),
  stopTimeout: fc.constant(5_021),
  waitTimeout: fc.constantFrom(0, 30_047),
  maxWaitingCalls: fc.nat(3),
})

/** Most walks begin here, because most can happen: one version serves, and the next is running. */
async function serve(checked: CheckedAggregate): Promise<void> {
  checked.start()
  for (const version of ['1.0.0', '2.0.0', '3.0.0']) checked.add(version)
  checked.setVersion('1.0.0', '2.0.0')
  for (const version of ['1.0.0', '2.0.0']) checked.report(version, 'started')
  await checked.expectAgreement()
}

/** Performs commands one after the other. After each of them the aggregate must agree with its oracle. */
export function awaited() {
  const isServing = fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
  const walk = fc.commands([anyCommand], { maxCommands: 50, size: 'max' })
  return fc.asyncProperty(limits, isServing, walk, async (limits, isServing, commands) => {
    const checked = new CheckedAggregate(limits)
    if (isServing) await serve(checked)
    await fc.asyncModelRun(() => ({ model: {}, real: checked }), commands)
    await checked.end()
  })
}
