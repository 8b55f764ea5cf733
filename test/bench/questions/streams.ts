import { childProcess, workerThread } from 'cutover/hosts'
import type { Form, Goal, Question, Row } from '../harness/question.js'
import { inTurns, type Pair, rowOf } from '../harness/rounds.js'
import {
  bareStreams,
  forkedStreams,
  hostStreams,
  type StartStreams,
  type StreamContender,
  transferredStreams,
} from '../streamContenders.js'

const SIZES = { '64 B': 64, '16 KiB': 16_384, '256 KiB': 262_144 } as const
type Size = keyof typeof SIZES
/** Chunks of one stream: enough for some 50 ms. */
const COUNTS: Readonly<Record<Size, number>> = { '64 B': 10_000, '16 KiB': 4_000, '256 KiB': 400 }

interface Comparison {
  readonly host: string
  readonly ours: StartStreams
  readonly name: string
  readonly theirs: StartStreams
  readonly goals: Partial<Record<Size, Goal>>
}

const atLeast = (limit: number): Goal => ({ of: 'ratio', atLeast: limit })
const PROCESS = hostStreams(childProcess())
const WORKER = hostStreams(workerThread())
const COMPARISONS: readonly Comparison[] = [
  {
    host: 'process',
    ours: PROCESS,
    name: 'bare socket with the same frames',
    theirs: bareStreams,
    goals: { '16 KiB': atLeast(0.8) },
  },
  { host: 'process', ours: PROCESS, name: 'fork and send a chunk', theirs: forkedStreams, goals: {} },
  {
    host: 'worker',
    ours: WORKER,
    name: 'a transferred ReadableStream',
    theirs: transferredStreams,
    goals: { '64 B': atLeast(4) },
  },
]

/** Chunks per second of one stream. */
async function rate(contender: StreamContender, count: number, size: number): Promise<number> {
  const begun = performance.now()
  await contender.read(count, size)
  return (count * 1_000) / (performance.now() - begun)
}

async function compare(comparison: Comparison, { short }: Form): Promise<Row[]> {
  const [ours, theirs] = [await comparison.ours(), await comparison.theirs()]
  const rows: Row[] = []
  for (const size of Object.keys(SIZES) as Size[]) {
    const count = short ? COUNTS[size] / 4 : COUNTS[size]
    const [rateOurs, rateTheirs] = [ours, theirs].map(each => () => rate(each, count, SIZES[size])) as [Rate, Rate]
    await inTurns(3, rateOurs, rateTheirs)
    const pairs = await inTurns(short ? 5 : 15, rateOurs, rateTheirs)
    rows.push(
      rowOf(`${comparison.host}, chunks of ${size}`, comparison.name, 'chunks/s', pairs, comparison.goals[size]),
    )
  }
  await Promise.all([ours.close(), theirs.close()])
  return rows
}

type Rate = () => Promise<number>

/** The short form finds a collapse only: it has a few rounds, in which a stream is cold. */
const FIRST_CHUNK = { of: 'ratio', atMost: 1.3, shortBound: 20 } as const

/** How long the first chunk takes, against the answer of a plain call on the same host. */
async function firstChunk(host: string, start: StartStreams, { short }: Form): Promise<Row> {
  const contender = await start()
  const CALLS = 50
  const timed = async (each: () => Promise<unknown>) => {
    const begun = performance.now()
    for (let i = 0; i < CALLS; i++) await each()
    return ((performance.now() - begun) * 1_000) / CALLS
  }
  const first = async () => {
    const stream = await contender.open?.(1, 64)
    await stream?.getReader().read()
  }
  const plain = async () => contender.call?.()
  await inTurns(
    5,
    () => timed(first),
    () => timed(plain),
  )
  const pairs = await inTurns(
    short ? 5 : 20,
    () => timed(first),
    () => timed(plain),
  )
  await contender.close()
  return rowOf(`${host}, the first chunk`, 'a plain call', 'µs', pairs, FIRST_CHUNK)
}

/** The rate of 63 streams beside one whose reader is slow, against 63 alone. */
async function slowReader(host: string, start: StartStreams, { short }: Form): Promise<Row> {
  const contender = await start()
  const [count, size] = [short ? 20 : 100, 16_384]
  const others = async () => {
    const begun = performance.now()
    await Promise.all(Array.from({ length: 63 }, () => contender.read(count, size)))
    return (63 * count * 1_000) / (performance.now() - begun)
  }
  const beside = async () => {
    const slow = await contender.open?.(1_000_000, size)
    const reader = slow?.getReader()
    await reader?.read()
    const result = await others()
    await reader?.cancel()
    return result
  }
  await inTurns(3, beside, others)
  const pairs: Pair[] = await inTurns(short ? 5 : 15, beside, others)
  await contender.close()
  return rowOf(`${host}, 63 streams beside one that is read slowly`, '63 streams', 'chunks/s', pairs, atLeast(0.9))
}

export const question: Question = {
  number: 12,
  title: 'What does a stream cost?',
  async run(form) {
    const rows: Row[] = []
    for (const comparison of COMPARISONS) rows.push(...(await compare(comparison, form)))
    for (const [host, start] of [
      ['process', PROCESS],
      ['worker', WORKER],
    ] as const)
      rows.push(await firstChunk(host, start, form), await slowReader(host, start, form))
    return rows
  },
}
