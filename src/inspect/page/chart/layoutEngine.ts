import type { ElkNode } from 'elkjs'
import ELK from 'elkjs/lib/elk-api.js'
// In a worker, this starts the layouter; in a page it gives one that works without a worker.
import * as layouter from 'elkjs/lib/elk-worker.min.js'

/** Lays out a graph. */
export type Layout = (graph: ElkNode) => Promise<ElkNode>

const script = typeof document === 'undefined' ? null : (document.currentScript as HTMLScriptElement | null)

const TOO_LONG = 20_000

/** A layouter in a worker of its own, or beside the page where there can be none: opened from a file. */
export function createLayout(): Layout {
  const made: Worker[] = []
  const create = () => new ELK({ workerFactory: () => made[made.push(workerOf(script?.src)) - 1] as Worker })
  let elk = create()
  return graph => {
    const current = elk
    return new Promise((resolve, reject) => {
      // Some graphs it never finishes: it must not keep others from being drawn.
      const timer = setTimeout(() => {
        reject(new Error('The layout took too long.'))
        if (elk !== current) return
        made.shift()?.terminate()
        elk = create()
      }, TOO_LONG)
      const done = () => clearTimeout(timer)
      current.layout(graph).then(resolve, reject).finally(done)
    })
  }
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
