import type { Runtime } from 'cutover'
import { type AggregateScenariosOptions, aggregateScenarios, type TestCase } from 'cutover/testing'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { BrokenRuntime, LateRuntime, named, READY, ReadyRuntime, SMALL } from '../../fixtures/scenarios/ready.js'

const namesOf = (cases: readonly TestCase[]) => cases.map(({ name }) => name)
const skippedOf = (cases: readonly TestCase[]) => cases.filter(({ skip }) => skip !== undefined)

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

  it('A runtime that rejects the calls that come too early passes: it gets none', async () => {
    const provision = (version: string) => {
      const runtime = new LateRuntime(version)
      let isUp = false
      runtime.watchEvents().subscribe(({ type }) => {
        isUp = type === 'started'
      })
      const call = async (request: string) => {
        if (!isUp) throw new Error('too early')
        return `${version} answers ${request}`
      }
      return Object.assign(runtime, { call })
    }
    const cases = aggregateScenarios({ ...SMALL, provision }).filter(({ skip }) => skip === undefined)
    await Promise.all(cases.map(({ run }) => run()))
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

/** Turns of the event loop: far more than a case takes by itself. */
async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

describe('what is left behind', () => {
  it('However many calls are under way, Node.js has no leak to warn of', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    onTestFinished(() => {
      process.off('warning', warned)
    })
    const provision = (version: string) => new LateRuntime(version)
    await named(aggregateScenarios({ ...SMALL, provision }), /^stop: while an unwanted/).run()
    await new Promise(resolve => setImmediate(resolve))
    expect(warned).not.toHaveBeenCalled()
  })

  it('A case that fails with a runtime that neither answers nor stops is over after twice its time', async () => {
    const provision = (version: string) =>
      Object.assign(new ReadyRuntime(version), { call: () => new Promise<string>(() => {}), stop: () => {} })
    const began = performance.now()
    await rejectionOf(named(aggregateScenarios({ ...SMALL, provision, timeout: 600 }), /^prewarm/).run())
    expect(performance.now() - began).toBeLessThan(3 * 600)
  })

  it('A runtime that said that it stopped before it was asked to is waited for all the same', async () => {
    const down: string[] = []
    const provision = (version: string) => {
      const runtime = new ReadyRuntime(version, { autoStart: false, autoStop: false })
      const start = () => {
        runtime.starts++
        runtime.emitStopped()
        runtime.emitStarted()
      }
      const stop = () => {
        const goDown = () => {
          down.push(version)
          runtime.emitStopped()
        }
        if (version === '1.0.0') goDown()
        else void turns(200).then(goDown)
      }
      return Object.assign(runtime, { start, stop })
    }
    await named(aggregateScenarios({ ...SMALL, provision }), /^cancel: .* still starts/).run()
    expect(down).toEqual(['2.0.0', '1.0.0'])
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
  ['timeout', { timeout: 0 }],
  ['timeout', { timeout: 2 ** 31 }],
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
