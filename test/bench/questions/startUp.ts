import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { fixture } from '../harness/fixture.js'
import type { Question, Row } from '../harness/question.js'
import { inTurns, median, rowOf, valueRow } from '../harness/rounds.js'

/** @returns the time to import the modules in a new process, in ms */
function importTime(...names: readonly string[]): number {
  const args = [fixture('imports').pathname, ...names.map(name => import.meta.resolve(name))]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', env: {} }))
}

/** @returns the time from `start()` to the first answer, in ms */
async function firstAnswer(provisioner: Provisioner): Promise<number> {
  const runtime = provisioner.provision<string, string>({ id: 'bench', version: '1.0.0', module: fixture('echo') })
  const begin = performance.now()
  runtime.start()
  await runtime.call('r')
  const time = performance.now() - begin
  await runtime.stop()
  return time
}

async function bareProcess(): Promise<number> {
  const begin = performance.now()
  // An empty environment, like that of our guests: a variable such as NODE_EXTRA_CA_CERTS slows down the start.
  const child = spawn(process.execPath, [fixture('firstMessage').pathname], { env: {} })
  await once(child.stdout, 'data')
  const time = performance.now() - begin
  await once(child, 'exit')
  return time
}

async function bareThread(): Promise<number> {
  const begin = performance.now()
  const worker = new Worker(fixture('thread'))
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
    const [process, thread, inProcessHost] = [childProcess(), workerThread(), inProcess()]
    const timed = (provisioner: Provisioner) => () => firstAnswer(provisioner)
    const imports = await inTurns(
      rounds,
      () => importTime('cutover'),
      () => importTime('xstate', 'rxjs'),
    )
    const importsWithHosts = await inTurns(
      rounds,
      () => importTime('cutover', 'cutover/hosts'),
      () => importTime('xstate', 'rxjs'),
    )
    const processes = await inTurns(rounds, timed(process), bareProcess)
    const threads = await inTurns(rounds, timed(thread), bareThread)
    const inProcessTimes: number[] = []
    for (let round = 0; round < rounds; round++) inProcessTimes.push(await firstAnswer(inProcessHost))
    const rows: Row[] = [
      rowOf("import 'cutover'", 'xstate and rxjs alone', 'ms', imports, { of: 'ratio', atMost: 1.3 }),
      rowOf("import 'cutover' and 'cutover/hosts'", 'xstate and rxjs alone', 'ms', importsWithHosts),
      rowOf('first answer of a process', 'bare Node.js, first message', 'ms', processes, {
        of: 'ratio',
        atMost: 1.3,
        shortBound: 5,
      }),
      rowOf('first answer of a worker thread', 'bare Worker, first message', 'ms', threads),
      valueRow('first answer in-process', 'ms', median(inProcessTimes)),
    ]
    return rows
  },
}
