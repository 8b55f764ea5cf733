import type { ElkNode } from 'elkjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ChartLayout } from '../../../src/inspect/page/chart/chartLayout.js'
import { LayoutCache } from '../../../src/inspect/page/chart/layoutCache.js'
import { createLayoutEngine, type LayoutWorker } from '../../../src/inspect/page/chart/layoutEngine.js'

const graph = (id: string): ElkNode => ({ id })

describe('The layout engine', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  /** Workers that never finish a graph whose id begins with "endless". */
  function create() {
    const workers: { readonly isTerminated: () => boolean }[] = []
    const engine = createLayoutEngine((): LayoutWorker => {
      let isTerminated = false
      workers.push({ isTerminated: () => isTerminated })
      return {
        layout: it => {
          if (it.id.startsWith('endless')) return new Promise(() => {})
          return it.id === 'failing'
            ? Promise.reject(new Error('no'))
            : Promise.resolve({ ...it, width: workers.length })
        },
        terminate: () => {
          isTerminated = true
        },
      }
    })
    return { engine, terminated: () => workers.map(worker => worker.isTerminated()) }
  }

  it('returns the layout of the worker, or its error, and leaves no timer', async () => {
    const { engine, terminated } = create()
    expect(await engine(graph('a'))).toEqual({ id: 'a', width: 1 })
    await expect(engine(graph('failing'))).rejects.toThrow('no')
    expect(vi.getTimerCount()).toBe(0)
    expect(terminated()).toEqual([false])
  })

  it('rejects a layout that takes too long, and continues with a new worker', async () => {
    const { engine, terminated } = create()
    const failed = expect(engine(graph('endless'))).rejects.toThrow('longer than 20 s')
    await vi.advanceTimersByTimeAsync(19_999)
    expect(terminated()).toEqual([false])
    await vi.advanceTimersByTimeAsync(1)
    await failed
    expect(terminated()).toEqual([true, false])
    expect(await engine(graph('a'))).toEqual({ id: 'a', width: 2 })
  })

  it('replaces the worker once for several layouts that take too long', async () => {
    const { engine, terminated } = create()
    const failed = [engine(graph('endless 1')), engine(graph('endless 2'))].map(it => expect(it).rejects.toThrow())
    await vi.advanceTimersByTimeAsync(20_000)
    await Promise.all(failed)
    expect(terminated()).toEqual([true, false])
  })
})

describe('The layout cache', () => {
  const definition = (id: string | number) => JSON.stringify({ id, states: { a: {} } })

  function create() {
    const started: { readonly id: string; resolve(layout: ChartLayout): void; reject(error: Error): void }[] = []
    let changed = () => {}
    const change = new Promise<void>(resolve => {
      changed = resolve
    })
    const cache = new LayoutCache(
      chart => new Promise((resolve, reject) => started.push({ id: chart.root.key, resolve, reject })),
      () => changed(),
    )
    return { cache, started, change }
  }

  it('starts the layout of a definition once, and reports when it is done', async () => {
    const { cache, started, change } = create()
    expect([cache.get(definition('m')), cache.get(definition('m'))]).toEqual(['pending', 'pending'])
    expect(started).toHaveLength(1)
    const layout = {} as ChartLayout
    started[0]?.resolve(layout)
    await change
    expect(cache.get(definition('m'))).toBe(layout)
  })

  it('reports a layout that failed, and does not start it again', async () => {
    const { cache, started, change } = create()
    cache.get(definition('m'))
    started[0]?.reject(new Error('no'))
    await change
    expect(cache.get(definition('m'))).toEqual({ failed: 'Error: no' })
    expect(started).toHaveLength(1)
  })

  it('has none for an actor without a definition or without states', () => {
    const { cache, started } = create()
    expect([cache.get(undefined), cache.get('{}'), cache.get('no JSON')]).toEqual(['none', 'none', 'none'])
    expect(started).toEqual([])
  })

  it('keeps the last 200 layouts', () => {
    const { cache, started } = create()
    for (let i = 0; i < 201; i++) cache.get(definition(`m${i}`))
    cache.get(definition('m200'))
    expect(started).toHaveLength(201)
    cache.get(definition('m0'))
    expect(started).toHaveLength(202)
  })
})
