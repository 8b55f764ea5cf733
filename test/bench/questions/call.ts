import { Aggregate, type AggregateOptions, type CallOptions } from 'cutover'
import { inProcess } from 'cutover/hosts'
import { parse } from 'marked-latest'
import { BenchRuntime, echo } from '../harness/benchRuntime.js'
import { type Callable, load, rateOf } from '../harness/load.js'
import type { Form, Question, Row } from '../harness/question.js'
import { inTurns, rowOf } from '../harness/rounds.js'
import { callTools } from './call/callTools.js'

const PARAGRAPH =
  'A *paragraph* with a [link](https://example.org), some `code`, and **emphasis** that is _nested **twice**_.\n' +
  'It goes on for a second line, as paragraphs do, and ends with an image: ![alt](image.png "title").'

const render = async (request: string) => parse(request, { async: false })

interface Case {
  readonly name: string
  readonly goal: number
  readonly request: string
  /** Calls in one run; a round has several runs. */
  readonly calls: number
  readonly provision: () => ReturnType<ReturnType<typeof inProcess>['provision']> | BenchRuntime
  readonly options?: CallOptions
  /** Adds a next version. If true, each call goes to it as well, in the baseline too. */
  readonly propagates?: boolean
  /** The baseline: the function that the module calls, in place of the runtime. */
  readonly bare?: (request: string) => Promise<string>
}

const provisionEcho = () => inProcess({ module: { call: echo } }).provision({ id: 'bench', version: '1.0.0' })

const trivial = { goal: 0.45, request: 'r', calls: 5_000, provision: () => new BenchRuntime() }

const CASES: readonly Case[] = [
  { ...trivial, name: 'async r => r' },
  { ...trivial, name: 'the same, with a signal', options: { signal: new AbortController().signal } },
  { ...trivial, name: 'the same, with a next version that gets none of the calls', propagates: false },
  { ...trivial, name: 'the same, with a next version that gets all calls too', propagates: true },
  {
    ...trivial,
    name: 'async r => r in an in-process host',
    provision: provisionEcho,
  },
  {
    ...trivial,
    name: 'async r => r in an in-process host, against the function itself',
    provision: provisionEcho,
    bare: echo,
    goal: 0.33,
  },
  {
    name: 'marked, a paragraph',
    goal: 0.98,
    request: PARAGRAPH,
    calls: 100,
    provision: () => new BenchRuntime('1.0.0', render),
  },
]

/** Calls through the aggregate, against the same runtime called directly. */
async function compare(testCase: Case, atOnce: number, { short }: Form): Promise<Row> {
  const { name, goal, request, calls, options } = testCase
  await using setup = await setUp(testCase)
  const how = { atOnce, calls, ...(options === undefined ? {} : { options }) }
  const measure = (callee: Callable<string, string>) => () => rateOf(callee, request, how)
  const [ours, theirs] = [measure(setup.aggregate), measure(setup.direct)]
  await inTurns(short ? 5 : 20, ours, theirs)
  const pairs = await inTurns(short ? 25 : 200, ours, theirs)
  return rowOf(`${name}, ${atOnce} at once`, 'called directly', 'calls/s', pairs, { of: 'ratio', atLeast: goal })
}

/** The bytes that one call allocates, in rounds without a garbage collection. */
async function compareBytes({ short }: Form): Promise<Row> {
  await using setup = await setUp(trivial)
  const calls = 2_000
  const measure = (callee: Callable<string, string>) => async () => {
    const before = process.memoryUsage().heapUsed
    await load(callee, trivial.request, { atOnce: 1, calls })
    return (process.memoryUsage().heapUsed - before) / calls
  }
  const [ours, theirs] = [measure(setup.aggregate), measure(setup.direct)]
  for (let round = 0; round < 20; round++) await load(setup.aggregate, 'r', { atOnce: 1, calls: 20_000 })
  const pairs = await inTurns(short ? 41 : 201, ours, theirs)
  const uncollected = pairs.filter(pair => pair.ours > 0 && pair.theirs > 0)
  return rowOf('bytes allocated per call', 'called directly', 'bytes', uncollected, { of: 'ratio', atMost: 2.5 })
}

async function setUp({ provision, propagates, bare }: Pick<Case, 'provision' | 'propagates' | 'bare'>) {
  const runtime = provision() as BenchRuntime
  const options: Partial<AggregateOptions<string>> = propagates === undefined ? {} : { propagate: () => propagates }
  const aggregate = new Aggregate<string, string>({ id: 'bench', ...options })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  const next = new BenchRuntime('2.0.0')
  if (propagates !== undefined) aggregate.addVersion('2.0.0', next)
  await aggregate.setVersion('1.0.0', propagates === undefined ? null : '2.0.0')
  await aggregate.call('r')
  const both: Callable<string, string> = {
    call(request) {
      next.call(request).catch(() => {})
      return runtime.call(request)
    },
  }
  const direct = bare !== undefined ? { call: bare } : propagates === true ? both : runtime
  return { aggregate, direct, [Symbol.asyncDispose]: () => aggregate.dispose() }
}

export const question: Question = {
  number: 1,
  title: 'What does a call through the aggregate cost?',
  async run(form) {
    const rows: Row[] = []
    for (const testCase of CASES) for (const atOnce of [1, 64]) rows.push(await compare(testCase, atOnce, form))
    return [...rows, ...(await callTools(form)), await compareBytes(form)]
  },
}
