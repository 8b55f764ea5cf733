import type { ElkNode } from 'elkjs'

/** Computes the positions of a graph's nodes and edges. */
export type LayoutEngine = (graph: ElkNode) => Promise<ElkNode>

/** A worker that computes layouts. */
export interface LayoutWorker {
  layout(graph: ElkNode): Promise<ElkNode>
  terminate(): void
}

const LAYOUT_TIMEOUT = 20_000

/**
 * Computes layouts in a worker, which starts with the first of them. Replaces the worker if a layout takes too long: elkjs
 * never finishes some graphs.
 */
export function createLayoutEngine(createWorker: () => LayoutWorker): LayoutEngine {
  let current: LayoutWorker | undefined
  return graph => {
    current ??= createWorker()
    const worker = current
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`The layout took longer than ${LAYOUT_TIMEOUT / 1_000} s.`))
        // The timeout of another graph may have replaced it already.
        if (worker !== current) return
        worker.terminate()
        current = createWorker()
      }, LAYOUT_TIMEOUT)
      const settled = () => clearTimeout(timer)
      worker.layout(graph).then(resolve, reject).finally(settled)
    })
  }
}
