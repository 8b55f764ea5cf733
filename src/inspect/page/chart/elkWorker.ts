import ELK from 'elkjs/lib/elk-api.js'
import type { LayoutWorker } from './layoutEngine.js'

const script = typeof document === 'undefined' ? null : (document.currentScript as HTMLScriptElement | null)

/**
 * Loads elkjs. In a worker, this starts it. In the page, it provides a local substitute for a worker, which takes most of
 * the time in which the page starts: it is loaded only if the browser allows no worker.
 */
export async function loadElk(): Promise<{ readonly Worker: new () => Worker }> {
  const module = await import('elkjs/lib/elk-worker.min.js')
  return (module as unknown as { default: { Worker: new () => Worker } }).default
}

/** Runs elkjs in a worker, or in the page if the page was opened from a file and cannot have one. */
export function createElkWorker(): LayoutWorker {
  const worker = createWorker(script?.src)
  const elk = worker.then(it => new ELK({ workerFactory: () => it }))
  return {
    layout: async graph => (await elk).layout(graph),
    terminate: () => {
      // The local substitute has no `terminate`.
      worker.then(
        it => it.terminate?.(),
        () => {},
      )
    },
  }
}

async function createWorker(src: string | undefined): Promise<Worker> {
  try {
    if (src?.startsWith('http') === true) return new Worker(src)
  } catch {
    // The browser allows no worker.
  }
  const { Worker: LocalWorker } = await loadElk()
  return new LocalWorker()
}
