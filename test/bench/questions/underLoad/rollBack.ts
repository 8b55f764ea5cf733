import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises'
import { Aggregate } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { Rollout } from 'cutover/rollout'
import { OpenLoad, type SettledCall } from '../../harness/openLoad.js'
import type { Form, Row } from '../../harness/question.js'
import { median, noneRow, valueRow } from '../../harness/rounds.js'
import { RATE } from './hosts.js'

const OLD = '1.0.0'
/** ms: a candidate soaks well for so long, then begins to fail. */
const GOOD = 50

/** Candidates in this process that begin to fail while they soak. */
export async function rollBackRows({ short }: Form): Promise<Row[]> {
  let broken: string | undefined
  /** When the last verdict reached the statechart, before anything was done about it. */
  let verdict = Number.NaN
  let restarts = 0
  const module = ({ version }: { readonly version: string }) => ({
    call: async () => {
      await nextTurn()
      if (version === broken) throw new Error('broken')
      return version
    },
  })
  const hosts = inProcess({ module })
  await using aggregate = new Aggregate<string, string>({ id: 'bench' })
  await using rollout = new Rollout<string, string>(aggregate, {
    provision: version => {
      const runtime = hosts.provision<string, string>({ id: 'bench', version })
      if (version === OLD) runtime.watchEvents().subscribe(() => restarts++)
      return runtime
    },
    soak: 600_000,
    inspect: event => {
      if (event.type === '@xstate.event' && event.event.type === 'unhealthy') verdict = performance.now()
    },
  })
  await rollout.start()
  await rollout.to(OLD)
  restarts = 0

  const load = new OpenLoad(aggregate, 'who', RATE)
  let calls: SettledCall[] = []
  load.onCall = call => calls.push(call)
  await delay(short ? 100 : 1_000)
  const [times, failures]: [number[], number[]] = [[], []]
  let others = 0
  for (let n = 0; n < (short ? 5 : 21); n++) {
    const version = `2.0.${n}`
    const soaking = comesIntoSoak(rollout)
    const rejected = rollout.to(version).catch(expectRolledBack)
    await soaking
    await delay(GOOD)
    calls = []
    broken = version
    await load.observe(0, () => rejected)
    const first = calls.find(({ issued, answer }) => issued > verdict && answer === OLD)
    times.push((first?.settled ?? Number.NaN) - verdict)
    const failed = calls.filter(call => 'error' in call)
    failures.push(failed.length)
    others += failed.filter(({ error }) => (error as Error).message !== 'broken').length
  }
  await load.stop()

  const name = 'a candidate that begins to fail in its soak'
  return [
    valueRow(`${name}: answered meanwhile`, 'calls/s', load.rate),
    valueRow(`${name}: from the verdict to the first answer of the old version, median`, 'ms', median(times), {
      of: 'value',
      atMost: 5,
    }),
    valueRow(`${name}: the same, worst of ${times.length}`, 'ms', Math.max(...times)),
    valueRow(`${name}: calls that users saw fail, median`, '', median(failures)),
    noneRow(`${name}: calls that failed otherwise`, others),
    noneRow(`${name}: lost calls`, load.inFlight),
    noneRow(`${name}: restarts of the old version`, restarts),
  ]
}

function comesIntoSoak(rollout: Rollout<string, string>): Promise<void> {
  return new Promise(resolve => {
    const subscription = rollout.watch().subscribe(event => {
      if (event.type !== 'changed' || event.status.state !== 'soaking') return
      subscription.unsubscribe()
      resolve()
    })
  })
}

function expectRolledBack(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'CUTOVER_ROLLED_BACK') throw error
}
