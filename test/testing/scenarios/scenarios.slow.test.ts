import { Aggregate, type CallOptions, type Runtime } from 'cutover'
import { type AggregateScenariosOptions, aggregateScenarios, type TestCase } from 'cutover/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { InspectionEvent } from 'xstate'
import { rejectionOf } from '../../fixtures/hosting.js'
import { named } from '../../fixtures/named.js'
import { BrokenRuntime, LateRuntime, READY, ReadyRuntime, SMALL } from '../../fixtures/scenarios/ready.js'
import { turns } from '../../fixtures/turns.js'

const namesOf = (cases: readonly TestCase[]) => cases.map(({ name }) => name)
const skippedOf = (cases: readonly TestCase[]) => cases.filter(({ skip }) => skip !== undefined)

describe('A correct runtime passes every scenario', () => {
  const runtimes: ReadyRuntime[] = []
  const keep = (runtime: ReadyRuntime) => {
    runtimes.push(runtime)
    return runtime
  }
  const scenarios = aggregateScenarios({
    ...READY,
    provision: version => keep(new ReadyRuntime(version)),
    provisionBroken: version => keep(new BrokenRuntime(version)),
  })

  it.each(scenarios.map(scenario => [scenario.name, scenario] as const))('%s', async (_, { run, skip }) => {
    expect(skip).toBe(undefined)
    await run()
    expect(runtimes.length).toBeGreaterThan(0)
    const left = runtimes.splice(0).filter(it => it.subscribers > 0 || it.starts > 1 || it.starts !== it.stops)
    expect(left).toEqual([])
  })
})

describe('The list of scenarios', () => {
  const all = namesOf(aggregateScenarios(READY))

  it('It has 32 cases of every kind, and both handovers where they differ', () => {
    const kinds = all.map(name => name.slice(0, name.indexOf(':')))
    const counts = Object.fromEntries([...new Set(kinds)].map(kind => [kind, kinds.filter(it => it === kind).length]))
    const expected = {
      add: 2,
      prewarm: 1,
      promote: 6,
      'replace next': 1,
      cancel: 2,
      'fail to start': 2,
      crash: 6,
      swap: 5,
    }
    expect(counts).toEqual({ ...expected, stop: 4, dispose: 3 })
    expect(new Set(all).size).toBe(32)
    const [sequential, overlap] = ['sequential', 'overlap'].map(it => all.filter(name => name.endsWith(` (${it})`)))
    expect(sequential?.map(name => name.replace('sequential', 'overlap'))).toEqual(overlap)
    expect(overlap).toHaveLength(4)
  })

  it('With one handover each scenario is there once; those that cannot happen in it are skipped, with the reason', () => {
    const sequential = aggregateScenarios({ ...READY, handover: 'sequential' })
    expect(namesOf(sequential)).toHaveLength(28)
    expect(skippedOf(sequential).map(({ name, skip }) => `${name}: ${skip}`)).toEqual(
      ['stop', 'dispose'].map(
        what =>
          `${what}: while the old active version stops behind the new one: ` +
          'The statechart has no path for it with 3 versions and handover sequential.',
      ),
    )
    expect(skippedOf(aggregateScenarios({ ...READY, handover: 'overlap' }))).toEqual([])
  })

  it('With two versions, the scenarios that need three are skipped', () => {
    const skipped = skippedOf(aggregateScenarios(SMALL))
    expect(namesOf(skipped)).toEqual([
      'promote: a next version takes over, and another one starts behind it',
      'replace next: another version starts in its place',
    ])
    expect(skipped[0]?.skip).toContain('2 versions')
  })

  it('Without provisionBroken and crash, the cases that need them name the option, and cannot pass', async () => {
    const { provisionBroken: _, crash: __, ...options } = READY
    const skipped = skippedOf(aggregateScenarios(options))
    expect(skipped.map(({ name, skip }) => [name.slice(0, name.indexOf(':')), /"\w+"/.exec(skip ?? '')?.[0]])).toEqual([
      ...Array(2).fill(['swap', '"crash"']),
      ...Array(2).fill(['fail to start', '"provisionBroken"']),
      ...Array(6).fill(['crash', '"crash"']),
    ])
    expect(await rejectionOf(skipped[0]?.run() ?? Promise.resolve())).toMatchObject({
      message: /This case is skipped: It needs the option/,
    })
  })

  it('Only the given versions are provisioned', async () => {
    const provisioned: string[] = []
    const provision = (version: string) => {
      provisioned.push(version)
      return new ReadyRuntime(version)
    }
    const check = (answer: unknown, version: string) => expect(answer).toBe(`${version} answers a question`)
    const scenarios = aggregateScenarios({ ...READY, provision, check, versions: ['4.1.0-rc.1', '0.9.0'] })
    await named(scenarios, /^prewarm/).run()
    expect(provisioned).toEqual(['4.1.0-rc.1', '0.9.0'])
  })
})

describe('Slow runtimes, and hosts', () => {
  it('A runtime that starts, stops and answers later, and fails to start a few times, passes', async () => {
    const provision = (version: string) => {
      const runtime = new ReadyRuntime(version, { autoStart: false, autoStop: false })
      const start = () => {
        runtime.starts++
        runtime.emitFailedToStart()
        setImmediate(() => {
          if (runtime.stops > 0) return
          runtime.emitFailedToStart()
          runtime.emitStarted()
          runtime.emitUpdated()
        })
      }
      const call = async (request: string) => {
        await new Promise(resolve => setImmediate(resolve))
        return ReadyRuntime.prototype.call.call(runtime, request)
      }
      const stop = () => {
        runtime.stops++
        setImmediate(() => runtime.emitStopped())
      }
      return Object.assign(runtime, { start, call, stop })
    }
    for (const { run } of aggregateScenarios({ ...SMALL, provision }).filter(({ skip }) => skip === undefined))
      await run()
  })

  it('A runtime that loses its calls in flight when it crashes passes', async () => {
    class LosingRuntime extends ReadyRuntime {
      readonly #pending = new Set<(reason: Error) => void>()

      override call(request: string): Promise<string> {
        return new Promise((resolve, reject) => {
          this.#pending.add(reject)
          setImmediate(() => resolve(super.call(request)))
        })
      }

      override crash(): void {
        for (const reject of this.#pending) reject(new Error('crashed'))
        super.crash()
      }
    }
    const provision = (version: string) => new LosingRuntime(version)
    for (const { run } of aggregateScenarios({ ...SMALL, provision }).filter(({ name }) => name.startsWith('crash')))
      await run()
  })

  it('A runtime that rejects early calls passes, because it gets none', async () => {
    const provision = (version: string) => {
      const runtime = new LateRuntime(version)
      let isRunning = false
      runtime.watchEvents().subscribe(({ type }) => {
        isRunning = type === 'started'
      })
      const call = async (request: string) => {
        if (!isRunning) throw new Error('too early')
        return `${version} answers ${request}`
      }
      return Object.assign(runtime, { call })
    }
    const cases = aggregateScenarios({ ...SMALL, provision }).filter(({ skip }) => skip === undefined)
    await Promise.all(cases.map(({ run }) => run()))
  })

  it('The aggregates use the given logger and inspect', async () => {
    const lines: string[] = []
    const write = (_: object, message: string) => lines.push(message)
    const logger = { debug: write, info: write, warn: write, error: write }
    const inspect = vi.fn()
    await named(aggregateScenarios({ ...SMALL, logger, inspect }), /^prewarm/).run()
    expect(lines).toContain('version starts')
    expect(inspect).toHaveBeenCalled()
  })

  it('A host can replace the function, and gets the id and the version', async () => {
    const configs: unknown[] = []
    const provision = {
      name: 'mine',
      provision: (config: { readonly id: string; readonly version: unknown }) => {
        configs.push(config)
        return new ReadyRuntime(`${config.version}`) as unknown as Runtime<never, never>
      },
    }
    await named(aggregateScenarios({ ...SMALL, provision }), /^prewarm/).run()
    expect(configs).toEqual(['1.0.0', '2.0.0'].map(version => ({ id: READY.id, version })))
  })
})

describe('The clean-up of a scenario', () => {
  it('Many calls in flight cause no warning of a leak', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    onTestFinished(() => {
      process.off('warning', warned)
    })
    const provision = (version: string) => new LateRuntime(version)
    await named(aggregateScenarios({ ...SMALL, provision }), /^stop: while an unwanted/).run()
    await turns(1)
    expect(warned).not.toHaveBeenCalled()
  })

  it('A runtime that neither answers nor stops is abandoned, so that the aggregate is disposed of', {
    retry: 2,
  }, async () => {
    const provision = (version: string) =>
      Object.assign(new ReadyRuntime(version), { call: () => new Promise<string>(() => {}), stop: () => {} })
    let state: unknown
    const inspect = (event: InspectionEvent) => {
      const isRoot = event.actorRef.sessionId === event.rootId
      if (event.type === '@xstate.snapshot' && isRoot) state = (event.snapshot as { value?: unknown }).value
    }
    const scenario = named(aggregateScenarios({ ...SMALL, provision, inspect, timeout: 600 }), /^prewarm/)
    const began = performance.now()
    expect(await rejectionOf(scenario.run())).toMatchObject({
      message: expect.stringContaining('Timed out waiting for version 1.0.0 to answer a call'),
    })
    expect(performance.now() - began).toBeLessThan(3 * 600)
    expect(state).toBe('disposed')
  })

  // The limits differ so that the test fails if the clean-up waits for its deadline.
  it('The clean-up of a case that failed waits for the promises of stop(), and no longer', {
    timeout: 30_000,
  }, async () => {
    let isStopped = false
    const provision = (version: string) => {
      const runtime = new ReadyRuntime(version)
      const stop = async () => {
        runtime.emitStopped()
        await turns(50)
        isStopped = true
      }
      return Object.assign(runtime, { stop })
    }
    const scenario = named(aggregateScenarios({ ...SMALL, provision, check: () => false, timeout: 60_000 }), /^prewarm/)
    expect(await rejectionOf(scenario.run())).toMatchObject({ message: expect.stringContaining('a wrong answer') })
    expect(isStopped).toBe(true)
  })

  it('The clean-up aborts the calls in flight', async () => {
    const signals: AbortSignal[] = []
    const provision = (version: string) =>
      Object.assign(new ReadyRuntime(version), {
        call: (_: string, options?: CallOptions) => {
          if (options?.signal !== undefined) signals.push(options.signal)
          return new Promise<string>(() => {})
        },
      })
    await rejectionOf(named(aggregateScenarios({ ...SMALL, provision, timeout: 100 }), /^prewarm/).run())
    expect(new Set(signals.map(({ aborted }) => aborted))).toEqual(new Set([true]))
  })

  it('An aggregate whose dispose() never resolves does not keep a case waiting', async () => {
    const { dispose } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'dispose').mockImplementation(function (this: Aggregate) {
      void dispose.call(this)
      return new Promise(() => {})
    })
    const scenario = named(aggregateScenarios({ ...SMALL, timeout: 100 }), /^prewarm/)
    expect(await rejectionOf(scenario.run())).toMatchObject({
      message: expect.stringContaining('Timed out waiting for the promise of dispose()'),
    })
  })

  it('A runtime that emits stopped before stop() is called is waited for nevertheless', async () => {
    const stopped: string[] = []
    const provision = (version: string) => {
      const runtime = new ReadyRuntime(version, { autoStart: false, autoStop: false })
      const start = () => {
        runtime.starts++
        runtime.emitStopped()
        runtime.emitStarted()
      }
      const stop = () => {
        const reportStop = () => {
          stopped.push(version)
          runtime.emitStopped()
        }
        if (version === '1.0.0') reportStop()
        else void turns(200).then(reportStop)
      }
      return Object.assign(runtime, { start, stop })
    }
    await named(aggregateScenarios({ ...SMALL, provision }), /^cancel: .* still starting/).run()
    expect(stopped).toEqual(['2.0.0', '1.0.0'])
  })
})

it.each([
  ['id', { id: '' }],
  ['provision', { provision: undefined }],
  ['provision', { provision: {} }],
  ['provisionBroken', { provisionBroken: 'yes' }],
  ['crash', { crash: true }],
  ['check', { check: /ok/ }],
  ['versions', { versions: ['1.0.0'] }],
  ['versions', { versions: ['1.0.0', '1.0.0+build'] }],
  ['versions', { versions: '1.0.0' }],
  ['versions', { versions: ['1.0.0', '2.0.0', '3.0.0', '4.0.0'] }],
  ['handover', { handover: 'both' }],
  ['timeout', { timeout: -1 }],
  ['timeout', { timeout: 0 }],
  ['timeout', { timeout: 2 ** 31 }],
  ['logger', { logger: {} }],
  ['inspect', { inspect: 1 }],
])('A wrong option %s is refused by name: %j', (name, wrong) => {
  const options = { ...READY, ...wrong } as unknown as AggregateScenariosOptions
  expect(() => aggregateScenarios(options)).toThrow(
    expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
  )
})

it('Missing options and invalid versions are refused', () => {
  const { request: _, ...withoutRequest } = READY
  expect(() => aggregateScenarios(withoutRequest as unknown as AggregateScenariosOptions)).toThrow(
    /"request" must be given/,
  )
  expect(() => aggregateScenarios(undefined as unknown as AggregateScenariosOptions)).toThrow(/"options"/)
  expect(() => aggregateScenarios({ ...READY, versions: ['1.0.0', 'v2'] })).toThrow(/versions\[1\] must be SemVer/)
})
