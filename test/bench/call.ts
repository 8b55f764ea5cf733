/**
 * What a call through the aggregate costs, against calling the same runtime directly: both sides in one process run,
 * taking turns, so that a noisy machine hits both. `npm run bench`.
 */
import { Aggregate, type Runtime } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { parse } from 'marked-latest'
import { Bench } from 'tinybench'
import { quantile } from './quantile.js'

interface Question {
  readonly name: string
  readonly goal: number
  readonly atOnce: number
  /** Calls in one sample. */
  readonly batch: number
  readonly request: string
  readonly call: (request: string) => Promise<string>
}

const PARAGRAPH =
  'A *paragraph* with a [link](https://example.org), some `code`, and **emphasis** that is _nested **twice**_.\n' +
  'It goes on for a second line, as paragraphs do, and ends with an image: ![alt](image.png "title").'

const echo = async (request: string) => request
const render = async (request: string) => parse(request, { async: false })

const QUESTIONS: readonly Question[] = [
  { name: 'async r => r', goal: 0.35, atOnce: 1, batch: 5_000, request: 'r', call: echo },
  { name: 'async r => r', goal: 0.35, atOnce: 64, batch: 5_000, request: 'r', call: echo },
  { name: 'marked, a paragraph', goal: 0.97, atOnce: 1, batch: 100, request: PARAGRAPH, call: render },
  { name: 'marked, a paragraph', goal: 0.97, atOnce: 64, batch: 100, request: PARAGRAPH, call: render },
]

/** Each is a pair, taken one right after the other; what is compared is the pairs. */
const ROUNDS = 40

class BenchRuntime extends ControllableRuntime<string, string> {
  override readonly call: (request: string) => Promise<string>

  constructor(call: (request: string) => Promise<string>) {
    super({ id: 'bench', version: '1.0.0', autoStart: true, autoStop: true })
    this.call = call
  }
}

type Callable = Pick<Runtime<string, string>, 'call'>

/** `atOnce` loops that call one after the other, until `batch` calls are answered. */
async function load(subject: Callable, { atOnce, batch, request }: Question): Promise<void> {
  let left = batch
  const loop = async () => {
    while (left-- > 0) await subject.call(request)
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
}

interface Measured {
  /** ns per call, medians of all rounds. */
  readonly direct: number
  readonly through: number
  /** Of direct to through, median and quartiles of all rounds. */
  readonly ratio: number
  readonly spread: readonly [number, number]
}

async function measure(question: Question): Promise<Measured> {
  const runtime = new BenchRuntime(question.call)
  const aggregate = new Aggregate<string, string>({ id: 'bench' })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await time(question, runtime, aggregate, 300)
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await time(question, runtime, aggregate, 25))
  await aggregate.dispose()
  const ratios = rounds.map(({ direct, through }) => direct / through)
  return {
    direct: quantile(
      rounds.map(({ direct }) => direct),
      0.5,
    ),
    through: quantile(
      rounds.map(({ through }) => through),
      0.5,
    ),
    ratio: quantile(ratios, 0.5),
    spread: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  }
}

/** Runs both sides for `time` ms each. */
async function time(question: Question, runtime: Callable, aggregate: Callable, time: number) {
  const bench = new Bench({ time, iterations: 1, warmup: false })
  bench.add('direct', () => load(runtime, question))
  bench.add('through', () => load(aggregate, question))
  const [direct = Number.NaN, through = Number.NaN] = (await bench.run()).map(({ result }) => {
    if (result.state !== 'completed') throw new Error(`The benchmark ended as ${result.state}.`)
    return (result.latency.p50 / question.batch) * 1e6
  })
  return { direct, through }
}

const rows = []
for (const question of QUESTIONS) {
  const { direct, through, ratio, spread } = await measure(question)
  rows.push({
    runtime: question.name,
    'at once': question.atOnce,
    'direct, ns': Math.round(direct),
    'through the aggregate, ns': Math.round(through),
    ratio: `${ratio.toFixed(2)} ×`,
    quartiles: spread.map(value => value.toFixed(2)).join(' to '),
    goal: `≥ ${question.goal} ×`,
    met: ratio >= question.goal,
  })
}
console.log(`Node ${process.version}, ${ROUNDS} rounds each, medians and quartiles`)
console.table(rows)
process.exitCode = rows.every(row => row.met) ? 0 : 1
