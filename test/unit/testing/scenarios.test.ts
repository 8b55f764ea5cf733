import { Aggregate, type AggregateStatus, type Runtime, type RuntimeEvent } from 'cutover'
import { type AggregateScenariosOptions, aggregateScenarios, type TestCase } from 'cutover/testing'
import { filter } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { BrokenRuntime, READY, ReadyRuntime } from '../../fixtures/scenarios/ready.js'

/** Quickly generated. */
const SMALL = { ...READY, versions: ['1.0.0', '2.0.0'] }

const namesOf = (cases: readonly TestCase[]) => cases.map(({ name }) => name)
const skippedOf = (cases: readonly TestCase[]) => cases.filter(({ skip }) => skip !== undefined)

function named(cases: readonly TestCase[], pattern: RegExp): TestCase {
  const found = cases.find(({ name }) => pattern.test(name))
  if (found === undefined) throw new Error(`No scenario is called ${pattern}.`)
  return found
}

describe('a runtime that does all it should', () => {
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

describe('which scenarios there are', () => {
  const all = namesOf(aggregateScenarios(READY))

  it('There are 27, of every kind, and both handovers where they differ', () => {
    const kinds = all.map(name => name.slice(0, name.indexOf(':')))
    const counts = Object.fromEntries([...new Set(kinds)].map(kind => [kind, kinds.filter(it => it === kind).length]))
    const expected = { add: 2, prewarm: 1, promote: 6, 'replace next': 1, cancel: 2, 'fail to start': 2, die: 6 }
    expect(counts).toEqual({ ...expected, stop: 4, dispose: 3 })
    expect(new Set(all).size).toBe(27)
    const [sequential, overlap] = ['sequential', 'overlap'].map(it => all.filter(name => name.endsWith(` (${it})`)))
    expect(sequential?.map(name => name.replace('sequential', 'overlap'))).toEqual(overlap)
    expect(overlap).toHaveLength(4)
  })

  it('With one handover each is there once; what cannot happen in it says why', () => {
    const sequential = aggregateScenarios({ ...READY, handover: 'sequential' })
    expect(namesOf(sequential)).toHaveLength(23)
    expect(skippedOf(sequential).map(({ name, skip }) => `${name}: ${skip}`)).toEqual(
      ['stop', 'dispose'].map(
        what =>
          `${what}: while the old active version retires behind the new one: ` +
          'No path of the statechart leads there with 3 versions and handover sequential.',
      ),
    )
    expect(skippedOf(aggregateScenarios({ ...READY, handover: 'overlap' }))).toEqual([])
  })

  it('With two versions, what needs three says so', () => {
    const skipped = skippedOf(aggregateScenarios(SMALL))
    expect(namesOf(skipped)).toEqual([
      'promote: a next version takes over, and another one starts behind it',
      'replace next: another version starts in its place',
    ])
    expect(skipped[0]?.skip).toContain('2 versions')
  })

  it('Without a way to break or to crash a runtime, the cases of that say what to give, and cannot pass', async () => {
    const { provisionBroken: _, crash: __, ...options } = READY
    const skipped = skippedOf(aggregateScenarios(options))
    expect(skipped.map(({ name, skip }) => [name.slice(0, name.indexOf(':')), /"\w+"/.exec(skip ?? '')?.[0]])).toEqual([
      ...Array(2).fill(['fail to start', '"provisionBroken"']),
      ...Array(6).fill(['die', '"crash"']),
    ])
    expect(await rejectionOf(skipped[0]?.run() ?? Promise.resolve())).toMatchObject({ message: /Not to be run: Give/ })
  })

  it('The versions given are those that are provisioned', async () => {
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

describe('runtimes that take their time, or say more than they must', () => {
  it('A runtime that starts, stops and answers later, and fails a few times before, passes', async () => {
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

  it('A runtime that rejects the calls that come too early passes where it is said that it does', async () => {
    const provision = (version: string) => {
      const runtime = new ReadyRuntime(version, { autoStart: false, autoStop: true })
      let isUp = false
      runtime.watchEvents().subscribe(({ type }) => {
        isUp = type === 'started'
      })
      const start = () => {
        runtime.starts++
        setImmediate(() => {
          if (runtime.stops === 0) runtime.emitStarted()
        })
      }
      const call = async (request: string) => {
        if (!isUp) throw new Error('too early')
        return `${version} answers ${request}`
      }
      return Object.assign(runtime, { start, call })
    }
    const failures = async (options: Partial<AggregateScenariosOptions>) => {
      const cases = aggregateScenarios({ ...SMALL, provision, ...options }).filter(({ skip }) => skip === undefined)
      const outcomes = await Promise.allSettled(cases.map(({ run }) => run()))
      return outcomes.filter(({ status }) => status === 'rejected').length
    }
    expect(await failures({ keepsCalls: false })).toBe(0)
    expect(await failures({})).toBeGreaterThan(0)
  })

  it('Where the aggregates write, and who inspects them, can be given', async () => {
    const lines: string[] = []
    const write = (_: object, message: string) => lines.push(message)
    const logger = { debug: write, info: write, warn: write, error: write }
    const inspect = vi.fn()
    await named(aggregateScenarios({ ...SMALL, logger, inspect }), /^prewarm/).run()
    expect(lines).toContain('version starts')
    expect(inspect).toHaveBeenCalled()
  })

  it('A host will do in place of a function, and is asked for the id and the version', async () => {
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

describe('a fault of the aggregate is caught', () => {
  const PROMOTE = /^promote: a next version that is up takes over \(sequential\)/
  const caught = async (pattern = PROMOTE) => {
    const error = await rejectionOf(named(aggregateScenarios({ ...SMALL, timeout: 1_000 }), pattern).run())
    return (error as Error).message
  }

  it('It says that it is in another state', async () => {
    const { status } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'status').mockImplementation(function (this: Aggregate): AggregateStatus {
      const said = status.call(this)
      return said.active === '2.0.0' ? { ...said, next: '1.0.0' } : said
    })
    expect(await caught()).toMatch(/Step 8 .*not in the state that it should be in:[\s\S]*next: '1\.0\.0'/)
  })

  it.each(['configUpdated', 'started', 'stopped'])('It does not say %s', async type => {
    const { watchEvents } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'watchEvents').mockImplementation(function (this: Aggregate) {
      return watchEvents.call(this).pipe(filter((event: RuntimeEvent) => event.type !== type))
    })
    expect(await caught()).toMatch(/A subscriber did not hear what it should:/)
  })

  it('It resolves setVersion with another pair', async () => {
    const { setVersion } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'setVersion').mockImplementation(function (this: Aggregate, ...versions) {
      return setVersion.apply(this, versions).then(pair => ({ ...pair, next: null }))
    })
    expect(await caught()).toMatch(/setVersion\(\) resolved with another pair/)
  })

  it('It never resolves setVersion', async () => {
    const { setVersion } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'setVersion').mockImplementation(function (this: Aggregate, ...versions) {
      void setVersion.apply(this, versions)
      return new Promise(() => {})
    })
    expect(await caught()).toMatch(/Waited for the promise of setVersion\(\), in vain/)
  })

  it('It sends a call twice', async () => {
    const { call } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
      if (this.status().active !== null) void call.call(this, request, options).catch(() => {})
      return call.call(this, request, options)
    })
    expect(await caught()).toMatch(/A call must go to the active version, once\. It went to:/)
  })

  it('It lets calls that wait overtake each other', async () => {
    const { call } = Aggregate.prototype
    let swap: (() => void) | undefined
    let made = 0
    vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
      const send = () => call.call(this, request, options)
      if (++made === 1) {
        return new Promise(resolve => {
          swap = () => resolve(send())
        })
      }
      const answer = send()
      swap?.()
      swap = undefined
      return answer
    })
    expect(await caught(/^add: a version that is wanted already/)).toMatch(
      /The calls that waited did not reach version 1\.0\.0 in their order:/,
    )
  })

  it('It takes calls after dispose', async () => {
    const { call } = Aggregate.prototype
    vi.spyOn(Aggregate.prototype, 'call').mockImplementation(function (this: Aggregate, request, options) {
      return call.call(this, request, options).catch(() => 'an answer')
    })
    expect(await caught()).toMatch(/must reject with CUTOVER_DISPOSED, but was answered: "an answer"/)
  })
})

it.each([
  ['id', { id: '' }],
  ['provision', { provision: undefined }],
  ['provision', { provision: {} }],
  ['provisionBroken', { provisionBroken: 'yes' }],
  ['crash', { crash: true }],
  ['check', { check: /ok/ }],
  ['keepsCalls', { keepsCalls: 'no' }],
  ['versions', { versions: ['1.0.0'] }],
  ['versions', { versions: ['1.0.0', '1.0.0+build'] }],
  ['versions', { versions: '1.0.0' }],
  ['versions', { versions: ['1.0.0', '2.0.0', '3.0.0', '4.0.0'] }],
  ['handover', { handover: 'both' }],
  ['timeout', { timeout: -1 }],
  ['logger', { logger: {} }],
  ['inspect', { inspect: 1 }],
])('A wrong option %s is refused by its name: %j', (name, wrong) => {
  const options = { ...READY, ...wrong } as unknown as AggregateScenariosOptions
  expect(() => aggregateScenarios(options)).toThrow(
    expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringContaining(`"${name}"`) }),
  )
})

it('Options that are missing, and what is no version, are refused', () => {
  const { request: _, ...withoutRequest } = READY
  expect(() => aggregateScenarios(withoutRequest as unknown as AggregateScenariosOptions)).toThrow(
    /"request" must be given/,
  )
  expect(() => aggregateScenarios(undefined as unknown as AggregateScenariosOptions)).toThrow(/"options"/)
  expect(() => aggregateScenarios({ ...READY, versions: ['1.0.0', 'v2'] })).toThrow(/versions\[1\] must be SemVer/)
})
