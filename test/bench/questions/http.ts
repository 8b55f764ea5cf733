import type autocannon from 'autocannon'
import { HttpLoad, type Kind } from '../harness/httpLoad.js'
import type { Goal, Question, Row } from '../harness/question.js'
import { inRounds, noneRow, pairsOf, rowOf } from '../harness/rounds.js'

const KINDS: readonly Kind[] = ['cutover', 'pool', 'cluster', 'plain']

const MEGABYTE = 1_000_000

/** The requests of the clients, and the answer that they must get. */
const REQUESTS: Readonly<Record<string, Partial<autocannon.Options>>> = {
  GET: {},
  'POST of 1 MB': {
    method: 'POST',
    body: Buffer.alloc(MEGABYTE, 'x'),
    expectBody: JSON.stringify({ size: MEGABYTE }),
  },
  events: { requests: [{ path: '/events' }] },
}

/** Requests per second of each kind of server. All of them run the whole time, and one is asked at a time. */
async function throughput(rounds: number, seconds: number): Promise<(kind: string) => number[]> {
  const loads = KINDS.map(kind => [kind, new HttpLoad(kind)] as const)
  try {
    await Promise.all(loads.map(([, load]) => load.start()))
    for (const [, load] of loads) await load.perSecond(seconds)
    return await inRounds(
      rounds,
      Object.fromEntries(loads.map(([kind, load]) => [kind, () => load.perSecond(seconds)])),
    )
  } finally {
    await Promise.all(loads.map(([, load]) => load[Symbol.asyncDispose]()))
  }
}

/** @returns how many requests of each kind failed while the application was replaced again and again */
async function failures(kind: Kind, connections: number, switches: number): Promise<Readonly<Record<string, number>>> {
  await using load = new HttpLoad(kind)
  await load.start()
  const replace = async () => {
    for (let n = 0; n < switches; n++) await load.switch()
  }
  const failed: Record<string, number> = {}
  for (const [name, options] of Object.entries(REQUESTS))
    failed[name] = await load.failuresDuring(replace, { ...options, connections })
  return failed
}

export const question: Question = {
  number: 14,
  title: 'What does an HTTP request cost, and what do its clients notice of a switch?',
  async run({ short }) {
    const ratesOf = await throughput(short ? 1 : 4, short ? 0.25 : 1)
    // In the short form a server has hardly run when it is measured, and ours has more code to compile.
    const goal: Goal = { of: 'ratio', atLeast: 0.5, shortBound: 0.02 }
    const row = (ours: Kind, name: string, theirs: Kind, against: string) =>
      rowOf(
        `1 kB of JSON, 50 connections, serveHttp() and ${name}`,
        against,
        'calls/s',
        pairsOf(ratesOf(ours), ratesOf(theirs)),
        theirs === 'cluster' ? goal : null,
      )
    const rows: Row[] = [
      row('cutover', 'a process', 'cluster', 'cluster of 2 with Hono'),
      row('cutover', 'a process', 'plain', 'one process with Hono'),
      row('pool', 'a pool of 2 processes', 'cluster', 'cluster of 2 with Hono'),
      row('pool', 'a pool of 2 processes', 'plain', 'one process with Hono'),
    ]
    const [connections, switches] = short ? [10, 1] : [50, 20]
    const ours = await failures('cutover', connections, switches)
    // Workers that leave take too long for the short form.
    const theirs = short ? {} : await failures('cluster', connections, switches)
    for (const [name, failed] of Object.entries(ours)) {
      const none = noneRow(`${name}, ${connections} connections, failed, wrong or reset, switches: ${switches}`, failed)
      rows.push({ ...none, against: 'cluster, each worker disconnected', theirs: theirs[name] ?? null })
    }
    return rows
  },
}
