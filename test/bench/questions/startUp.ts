import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import type { Question, Row } from '../harness/question.js'
import { inTurns, median, rowOf, valueRow } from '../harness/rounds.js'
import { subject } from '../harness/subject.js'

/** ms to import the modules, in a new process. */
function importing(...names: readonly string[]): number {
  const args = [subject('imports').pathname, ...names.map(name => import.meta.resolve(name))]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', env: {} }))
}

/** ms from nothing to the first answer. */
async function firstAnswer(provisioner: Provisioner): Promise<number> {
  const runtime = provisioner.provision<string, string>({ id: 'bench', version: '1.0.0', module: subject('echo') })
  const begin = performance.now()
  runtime.start()
  await runtime.call('r')
  const time = performance.now() - begin
  await runtime.stop()
  return time
}

async function bareProcess(): Promise<number> {
  const begin = performance.now()
  // As our guests: what the environment may tell Node.js to load takes time too.
  const child = spawn(process.execPath, [subject('firstMessage').pathname], { env: {} })
  await once(child.stdout, 'data')
  const time = performance.now() - begin
  await once(child, 'exit')
  return time
}

async function bareThread(): Promise<number> {
  const begin = performance.now()
  const worker = new Worker(subject('thread'))
  await once(worker, 'message')
  const time = performance.now() - begin
  await worker.terminate()
  return time
}

export const question: Question = {
  number: 8,
  title: 'How long does it take to start?',
  async run({ short }) {
    const rounds = short ? 5 : 40
    const [process, thread, inside] = [childProcess(), workerThread(), inProcess()]
    const hosted = (provisioner: Provisioner) => () => firstAnswer(provisioner)
    const imports = await inTurns(
      rounds,
      () => importing('cutover'),
      () => importing('xstate', 'rxjs'),
    )
    const all = await inTurns(
      rounds,
      () => importing('cutover', 'cutover/hosts'),
      () => importing('xstate', 'rxjs'),
    )
    const processes = await inTurns(rounds, hosted(process), bareProcess)
    const threads = await inTurns(rounds, hosted(thread), bareThread)
    const insides: number[] = []
    for (let round = 0; round < rounds; round++) insides.push(await firstAnswer(inside))
    const rows: Row[] = [
      rowOf("import 'cutover'", 'xstate and rxjs alone', 'ms', imports, { of: 'ratio', atMost: 1.3 }),
      rowOf("import 'cutover' and 'cutover/hosts'", 'xstate and rxjs alone', 'ms', all),
      rowOf('first answer of a process', 'bare Node.js, first message', 'ms', processes, {
        of: 'ratio',
        atMost: 1.3,
        collapse: 5,
      }),
      rowOf('first answer of a worker thread', 'bare Worker, first message', 'ms', threads),
      valueRow('first answer in-process', 'ms', median(insides)),
    ]
    return rows
  },
}
