import ELK from 'elkjs/lib/elk-api.js'
// In a worker, this import starts elkjs. In the page, it provides a local substitute for a worker.
import * as elkWorkerModule from 'elkjs/lib/elk-worker.min.js'
import type { LayoutWorker } from './layoutEngine.js'

const script = typeof document === 'undefined' ? null : (document.currentScript as HTMLScriptElement | null)

/** Runs elkjs in a worker, or in the page if the page was opened from a file and cannot have one. */
export function createElkWorker(): LayoutWorker {
  const worker = createWorker(script?.src)
  const elk = new ELK({ workerFactory: () => worker })
  return {
    layout: graph => elk.layout(graph),
    // The local substitute has no `terminate`.
    terminate: () => worker.terminate?.(),
  }
}

function createWorker(src: string | undefined): Worker {
  try {
    if (src?.startsWith('http') === true) return new Worker(src)
  } catch {
    // The browser allows no worker.
  }
  const { Worker: LocalWorker } = (elkWorkerModule as unknown as { default: { Worker: new () => Worker } }).default
  return new LocalWorker()
}
