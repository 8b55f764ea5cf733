import type { ElkNode } from 'elkjs'
import ELK from 'elkjs/lib/elk-api.js'
// In a worker, this starts the layouter; in a page it gives one that works without a worker.
import * as layouter from 'elkjs/lib/elk-worker.min.js'

/** Lays out a graph. */
export type Layout = (graph: ElkNode) => Promise<ElkNode>

const script = typeof document === 'undefined' ? null : (document.currentScript as HTMLScriptElement | null)

/** A layouter in a worker of its own, or beside the page where there can be none: opened from a file. */
export function createLayout(): Layout {
  const elk = new ELK({ workerFactory: () => workerOf(script?.src) })
  return graph => elk.layout(graph)
}

function workerOf(src: string | undefined): Worker {
  try {
    if (src?.startsWith('http') === true) return new Worker(src)
  } catch {
    // A browser that refuses it: then the page does the work.
  }
  const { Worker: Local } = (layouter as unknown as { default: { Worker: new () => Worker } }).default
  return new Local()
}
