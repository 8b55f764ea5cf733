/**
 * What a call through the aggregate costs, against calling the same runtime directly: both sides in one process run,
 * taking turns, so that a noisy machine hits both. `npm run bench`.
 */
import { Aggregate, type Runtime } from 'cutover'
import { ControllableRuntime } from 'cutover/testing'
import { parse } from 'marked-latest'
import { Bench } from 'tinybench'

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
  { name: 'async r => r', goal: 0.35, atOnce: 1, batch: 20_000, request: 'r', call: echo },
  { name: 'async r => r', goal: 0.35, atOnce: 64, batch: 20_000, request: 'r', call: echo },
  { name: 'marked, a paragraph', goal: 0.97, atOnce: 1, batch: 1_000, request: PARAGRAPH, call: render },
  { name: 'marked, a paragraph', goal: 0.97, atOnce: 64, batch: 1_000, request: PARAGRAPH, call: render },
]

const ROUNDS = 15

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

async function measure(question: Question): Promise<{ direct: number; through: number }> {
  const runtime = new BenchRuntime(question.call)
  const aggregate = new Aggregate<string, string>({ id: 'bench' })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  const samples = { direct: [] as number[], through: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const bench = new Bench({ time: 60, warmup: round === 0, warmupTime: 200 })
    bench.add('direct', () => load(runtime, question))
    bench.add('through', () => load(aggregate, question))
    for (const { name, result } of await bench.run()) {
      if (result.state !== 'completed') throw new Error(`The benchmark ended as ${result.state}.`)
      samples[name as keyof typeof samples].push((result.latency.p50 / question.batch) * 1e6)
    }
  }
  await aggregate.dispose()
  return { direct: median(samples.direct), through: median(samples.through) }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

const rows = []
for (const question of QUESTIONS) {
  const { direct, through } = await measure(question)
  const ratio = direct / through
  rows.push({
    runtime: question.name,
    'at once': question.atOnce,
    'direct, ns': Math.round(direct),
    'through the aggregate, ns': Math.round(through),
    ratio: `${ratio.toFixed(2)} ×`,
    goal: `≥ ${question.goal} ×`,
    met: ratio >= question.goal,
  })
}
console.log(`Node ${process.version}, ${ROUNDS} rounds each, medians`)
console.table(rows)
process.exitCode = rows.every(row => row.met) ? 0 : 1
