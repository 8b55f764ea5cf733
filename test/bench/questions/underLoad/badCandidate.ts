import { Aggregate } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { Rollout } from 'cutover/rollout'
import { fixture } from '../../harness/fixture.js'
import { OpenLoad, type SettledCall } from '../../harness/openLoad.js'
import type { Form, Row } from '../../harness/question.js'
import { median, noneRow, valueRow } from '../../harness/rounds.js'
import { RATE } from './hosts.js'

const SHARE = 5
/** The shares of its calls in which a candidate fails. */
const FAILING = [1, 0.05] as const

/** The effect of one candidate on users. */
interface Seen {
  readonly failures: number
  /** From the beginning of the step to the last failed call, in ms. */
  readonly last: number
}

/** Candidates in processes, each of which gets a share of the calls until it is rejected. */
async function candidates(failing: number, { short }: Form): Promise<Row[]> {
  const processes = childProcess({ module: fixture('versioned') })
  await using aggregate = new Aggregate<string, string>({ id: 'bench' })
  await using rollout = new Rollout<string, string>(aggregate, {
    provision: version => {
      const localConfig = { failing: version === '1.0.0' ? 0 : failing }
      return processes.provision({ id: 'bench', version, localConfig })
    },
    steps: [{ percent: SHARE, for: 60_000 }],
  })
  let stepping = 0
  rollout.watch().subscribe(event => {
    if (event.type === 'changed' && event.status.state === 'stepping') stepping = performance.now()
  })
  await rollout.start()
  await rollout.to('1.0.0')

  const load = new OpenLoad(aggregate, 'who', RATE)
  let failed: SettledCall[] = []
  load.onCall = call => {
    if ('error' in call) failed.push(call)
  }
  await load.observe(short ? 100 : 1_000, async () => {})
  const seen: Seen[] = []
  let others = 0
  for (let n = 0; n < (short ? 3 : 21); n++) {
    failed = []
    await load.observe(10, () => rollout.to(`2.0.${n}`).catch(expectRejected))
    others += failed.filter(({ error }) => !isBroken(error)).length
    seen.push({ failures: failed.length, last: (failed.at(-1)?.settled ?? Number.NaN) - stepping })
  }
  await load.stop()

  const name = `a candidate at ${SHARE} % that fails ${failing === 1 ? 'always' : `in ${failing * 100} % of its calls`}`
  const failures = seen.map(it => it.failures)
  return [
    valueRow(`${name}: answered meanwhile`, 'calls/s', load.rate),
    valueRow(`${name}: calls that users saw fail, median`, '', median(failures)),
    valueRow(`${name}: the same, worst of ${seen.length}`, '', Math.max(...failures)),
    valueRow(`${name}: from its first share to the last failed call, median`, 'ms', median(seen.map(it => it.last))),
    noneRow(`${name}: calls that failed otherwise`, others),
    noneRow(`${name}: lost calls`, load.inFlight),
  ]
}

function expectRejected(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'CUTOVER_REJECTED') throw error
}

function isBroken(error: unknown): boolean {
  return error instanceof Error && error.message === 'broken'
}

export async function badCandidateRows(form: Form): Promise<Row[]> {
  const rows: Row[] = []
  for (const failing of FAILING) rows.push(...(await candidates(failing, form)))
  return rows
}
