import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { workerThread } from 'cutover/hosts'
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import { type Contender, hostContender, PendingAnswers, type Start } from './contenders.js'
import { fixture } from './harness/fixture.js'

/** The pools may give their one thread as many tasks as there are calls at once. */
const AT_ONCE = 64

export const workerHost: Start = () => hostContender(workerThread())

const poolOptions = () => ({
  filename: fixture('task').href,
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: AT_ONCE,
})

function poolContender(pool: { run(request: unknown): Promise<unknown>; destroy(): Promise<void> }): Contender {
  return { call: request => pool.run(request), close: () => pool.destroy() }
}

export const piscina: Start = async () => poolContender(new Piscina(poolOptions()))

export const tinypool: Start = async () => poolContender(new Tinypool(poolOptions()))

/** workerpool gives a thread one task at a time. */
export const workerPool: Start = async () => {
  const pool = workerpool.pool(fileURLToPath(fixture('workerpool')), {
    minWorkers: 1,
    maxWorkers: 1,
    workerType: 'thread',
  })
  return {
    call: async request => await pool.exec('echo', [request]),
    close: async () => {
      await pool.terminate()
    },
  }
}

/** `postMessage` with ids, and nothing else. */
export const barePost: Start = async () => {
  const worker = new Worker(fixture('posted'))
  const pending = new PendingAnswers()
  worker.on('message', ({ id, answer }) => pending.resolve(id, answer))
  return {
    call: request => pending.request(id => worker.postMessage({ id, request })),
    close: async () => {
      await worker.terminate()
    },
  }
}
