import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { workerThread } from 'cutover/hosts'
import { Piscina } from 'piscina'
import { Tinypool } from 'tinypool'
import workerpool from 'workerpool'
import { type Contender, hosted, type Start, Waiting } from './contenders.js'
import { subject } from './harness/subject.js'

/** As many calls as are made at once may be with the one thread. */
const AT_ONCE = 64

export const workerHost: Start = () => hosted(workerThread())

const poolOptions = () => ({
  filename: subject('task').href,
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: AT_ONCE,
})

function pooled(pool: { run(request: unknown): Promise<unknown>; destroy(): Promise<void> }): Contender {
  return { call: request => pool.run(request), close: () => pool.destroy() }
}

export const piscina: Start = async () => pooled(new Piscina(poolOptions()))

export const tinypool: Start = async () => pooled(new Tinypool(poolOptions()))

/** It gives a thread one task at a time. */
export const workerPool: Start = async () => {
  const pool = workerpool.pool(fileURLToPath(subject('workerpool')), {
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

/** Structured clones with ids, and nothing else. */
export const barePost: Start = async () => {
  const worker = new Worker(subject('posted'))
  const waiting = new Waiting()
  worker.on('message', ({ id, answer }) => waiting.answer(id, answer))
  return {
    call: request => waiting.ask(id => worker.postMessage({ id, request })),
    close: async () => {
      await worker.terminate()
    },
  }
}
