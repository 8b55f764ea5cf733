import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { childProcess, type Provisioner, pool, workerThread } from 'cutover/hosts'
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import { type Contender, PendingAnswers } from './contenders.js'
import { fixture } from './harness/fixture.js'
import type { Request } from './payloads.js'

/** Starts a contender with so many threads or processes. */
export type StartPool = (size: number) => Promise<Contender>

/** The pools may give a thread as many tasks as there are calls at once. */
const AT_ONCE = 64
const module = fixture('work')

async function ours(provisioner: Provisioner): Promise<Contender> {
  const runtime = provisioner.provision<Request, unknown>({ id: 'bench', version: '1.0.0' })
  runtime.start()
  await runtime.call({ kind: 'nothing' })
  return { call: request => runtime.call(request), close: async () => runtime.stop() }
}

export const noPool: Readonly<Record<string, () => Promise<Contender>>> = {
  'worker thread': () => ours(workerThread({ module })),
  'child process': () => ours(childProcess({ module })),
}

export const workers: StartPool = size => ours(pool(workerThread({ module }), { size }))
export const processes: StartPool = size => ours(pool(childProcess({ module }), { size }))

const options = (size: number) => ({
  filename: module.href,
  minThreads: size,
  maxThreads: size,
  concurrentTasksPerWorker: AT_ONCE,
})

function runs(pool: { run(request: unknown): Promise<unknown>; destroy(): Promise<void> }): Contender {
  return { call: request => pool.run(request), close: () => pool.destroy() }
}

const withWorkerPool: StartPool = async size => {
  const pool = workerpool.pool(fileURLToPath(fixture('workerpoolWork')), {
    minWorkers: size,
    maxWorkers: size,
    workerType: 'thread',
  })
  return {
    call: async request => await pool.exec('work', [request]),
    close: async () => {
      await pool.terminate()
    },
  }
}

/** Processes of `cluster`, called in turn by `send`. */
const clustered: StartPool = async size => {
  cluster.setupPrimary({ exec: fileURLToPath(fixture('clustered')) })
  const pending = new PendingAnswers()
  const forks: Worker[] = Array.from({ length: size }, () => cluster.fork())
  // A worker hears nothing before it has loaded its module.
  await Promise.all(forks.map(worker => once(worker, 'message')))
  for (const worker of forks) worker.on('message', ({ id, answer }) => pending.resolve(id, answer))
  let turn = 0
  return {
    call: request => pending.request(id => forks[turn++ % size]?.send({ id, request })),
    close: async () => {
      const exits = forks.map(worker => once(worker, 'exit'))
      for (const worker of forks) worker.process.kill()
      await Promise.all(exits)
    },
  }
}

/** The libraries that ours are compared with. */
export const OTHERS: Readonly<Record<string, StartPool>> = {
  Piscina: async size => runs(new Piscina(options(size))),
  tinypool: async size => runs(new Tinypool(options(size))),
  workerpool: withWorkerPool,
  cluster: clustered,
}
