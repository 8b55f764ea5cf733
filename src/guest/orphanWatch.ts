import { Worker } from 'node:worker_threads'

/** How often the parent is looked for, in milliseconds. */
const INTERVAL = 250

/**
 * Runs in a thread of its own, so it is text: then it is found wherever the library is bundled to. A group with our pid
 * is one that we lead; where there is none, we end alone.
 */
const WATCH = `
const { workerData } = require('node:worker_threads')
setInterval(() => {
  if (process.ppid === workerData.parent) return
  try { process.kill(-process.pid, 'SIGKILL') } catch {}
  process.kill(process.pid, 'SIGKILL')
}, workerData.interval)
`

/** A thread needs a heap; this one is as small as it starts with. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8, codeRangeSizeMb: 4, stackSizeMb: 1 }

/** A watch that is kept. */
export interface OrphanWatch {
  /** Ends the watch; resolves when its thread is gone. */
  stop(): Promise<void>
}

/**
 * Ends this process, and the group that it leads, when the process that started it is gone, however that came about.
 *
 * A thread looks for the parent, so that a blocked event loop does not keep an orphan alive. It does not keep the process
 * alive either. Not seen: a parent that died before this call, and any while this process is stopped (SIGSTOP).
 *
 * @param interval - how often to look, in milliseconds. Default 250
 */
export function watchForParent(interval: number = INTERVAL): OrphanWatch {
  const workerData = { parent: process.ppid, interval }
  const worker = new Worker(WATCH, {
    eval: true,
    name: 'cutover orphan watch',
    workerData,
    env: {},
    argv: [],
    execArgv: [],
    resourceLimits: LIMITS,
    trackUnmanagedFds: false,
  })
  worker.unref()
  return {
    async stop() {
      await worker.terminate()
    },
  }
}
