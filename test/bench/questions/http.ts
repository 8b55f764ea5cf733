import type autocannon from 'autocannon'
import { HttpLoad } from '../harness/httpLoad.js'
import type { Question, Row } from '../harness/question.js'
import { inTurns, noneRow, rowOf } from '../harness/rounds.js'

type Kind = 'plain' | 'cluster' | 'cutover'

const MEGABYTE = 1_000_000

/** What the clients ask for, and the answer that they must get. */
const REQUESTS: Readonly<Record<string, Partial<autocannon.Options>>> = {
  GET: {},
  'POST of 1 MB': {
    method: 'POST',
    body: Buffer.alloc(MEGABYTE, 'x'),
    expectBody: JSON.stringify({ size: MEGABYTE }),
  },
  events: { requests: [{ path: '/events' }] },
}

async function throughput(against: Kind, rounds: number, seconds: number) {
  await using ours = new HttpLoad('cutover')
  await using theirs = new HttpLoad(against)
  await Promise.all([ours.start(), theirs.start()])
  const of = (load: HttpLoad) => () => load.perSecond(seconds)
  await of(ours)()
  await of(theirs)()
  return inTurns(rounds, of(ours), of(theirs))
}

/** @returns how many requests failed, while the application was replaced again and again */
async function failures(kind: Kind, options: Partial<autocannon.Options>, switches: number): Promise<number> {
  await using load = new HttpLoad(kind)
  await load.start()
  const replace = async () => {
    for (let n = 0; n < switches; n++) await load.switch()
  }
  return load.failuresDuring(replace, options)
}

export const question: Question = {
  number: 14,
  title: 'What does an HTTP request cost, and what do its clients notice of a switch?',
  async run({ short }) {
    const [rounds, seconds] = short ? [2, 1] : [10, 3]
    const what = '1 kB of JSON, 50 connections, a process behind serveHttp()'
    const cluster = await throughput('cluster', rounds, seconds)
    const plain = await throughput('plain', rounds, seconds)
    const rows: Row[] = [
      rowOf(what, 'cluster of 2 with Hono', 'calls/s', cluster, { of: 'ratio', atLeast: 0.5 }),
      rowOf(what, 'one process with Hono', 'calls/s', plain),
    ]
    const switches = short ? 2 : 20
    for (const [name, options] of Object.entries(REQUESTS)) {
      const ours = await failures('cutover', options, switches)
      // A worker takes 2 s to leave, too long for the short form.
      const theirs = short ? null : await failures('cluster', options, switches)
      const failed = noneRow(`${name}, failed, wrong or reset in ${switches} switches`, ours)
      rows.push({ ...failed, against: 'cluster, each worker disconnected', theirs })
    }
    return rows
  },
}
