import { Worker } from 'node:worker_threads'

/** How often the host is looked for, in milliseconds. */
const INTERVAL = 250

/**
 * Runs in a thread of its own, so it is text: then it is found wherever the library is bundled to. It looks for the host by
 * its pid, where that is known, else for the parent; pid 0 is the process group that we are in.
 */
const WATCH = `
const { workerData: { parent, host, interval } } = require('node:worker_threads')
const isGone = () => {
  if (host === undefined) return process.ppid !== parent
  try { process.kill(host, 0) } catch (error) { return error.code === 'ESRCH' }
  return false
}
setInterval(() => { if (isGone()) process.kill(0, 'SIGKILL') }, interval)
`

/** A thread needs a heap; this one is as small as it starts with. */
const LIMITS = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 8, codeRangeSizeMb: 4, stackSizeMb: 1 }

/** A watch that is kept. */
export interface OrphanWatch {
  /** Ends the watch; resolves when its thread is gone. */
  stop(): Promise<void>
}

/**
 * Ends this process, and the process group that it is in, when its host is gone, however that came about. Only for guests
 * that a host of ours has launched: the group is its own then.
 *
 * A thread looks for the host, so that a blocked event loop does not keep an orphan alive. It does not keep the process
 * alive either. Not seen: a host that ends while this process is stopped (SIGSTOP), until it goes on.
 *
 * @param host - the pid of the host; without it, as in a sandbox with pids of its own, the parent is watched
 * @param interval - how often to look, in milliseconds. Default 250
 */
export function watchForHost(host: number | undefined, interval: number = INTERVAL): OrphanWatch {
  const workerData = { parent: process.ppid, host, interval }
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
