import type { RuntimeModule } from 'cutover/hosts'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ModuleRun } from '../../src/module/moduleRun.js'
import { Noted } from '../fixtures/noted.js'

const CONTEXT = { id: 'tested', version: '1.0.0', localConfig: {}, callHost: async () => null }
const STOP = new Error('deployed')

/** A promise that the test settles. */
class Step {
  resolve: () => void = () => {}
  reject: (error: unknown) => void = () => {}
  readonly promise = new Promise<void>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })
}

/** A run whose steps the test finishes, and everything that happens to it, in order. */
class TestedRun {
  readonly happened = new Noted<string>()
  readonly load = new Step()
  readonly start = new Step()
  readonly stop = new Step()
  readonly run: ModuleRun<unknown, unknown>

  constructor({ mayStop = true } = {}) {
    const add = (text: string) => this.happened.add(text)
    const module: RuntimeModule = {
      start: ({ signal }) => {
        signal.addEventListener('abort', () => add('signal fires'))
        add('module starts')
        return this.start.promise
      },
      call: () => null,
      stop: () => {
        add('module stops')
        return this.stop.promise
      },
    }
    this.run = new ModuleRun({
      logger: { debug() {}, info() {}, warn: (_, message) => add(message), error: (_, message) => add(message) },
      load: async () => {
        await this.load.promise
        return module
      },
      started: () => add('started'),
      failed: error => add(`failed: ${error}`),
      interrupted: reason => add(`interrupted: ${reason.message}`),
      ended: () => add('ended'),
      mayStop: () => mayStop,
    })
  }

  /** Starts the run, and brings it as far as `state`. */
  async as(state: 'loading' | 'starting' | 'up'): Promise<this> {
    this.run.start(CONTEXT)
    if (state !== 'loading') {
      this.load.resolve()
      await this.happened.first(text => text === 'module starts')
    }
    if (state === 'up') {
      this.start.resolve()
      await this.happened.first(text => text === 'started')
    }
    return this
  }

  async ended(): Promise<readonly string[]> {
    await this.happened.first(text => text === 'ended')
    return this.happened.all
  }
}

describe('A run of a module', () => {
  it('loads, starts and stops the module, once each', async () => {
    // The statechart library warns of an event after the end.
    const warn = vi.spyOn(console, 'warn')
    onTestFinished(() => warn.mockRestore())
    const tested = await new TestedRun().as('up')
    tested.run.start(CONTEXT)
    tested.run.stop(STOP)
    tested.run.stop(new Error('again'))
    tested.stop.resolve()
    const expected = ['module starts', 'started', 'signal fires', 'interrupted: deployed', 'module stops', 'ended']
    expect(await tested.ended()).toEqual(expected)
    tested.run.stop(STOP)
    tested.run.start(CONTEXT)
    expect([tested.run.state, tested.happened.all.length]).toEqual(['ended', expected.length])
    expect(warn).not.toHaveBeenCalled()
  })

  it('that is stopped while it loads does not start the module', async () => {
    const tested = await new TestedRun().as('loading')
    tested.run.stop(STOP)
    tested.load.resolve()
    expect(await tested.ended()).toEqual(['interrupted: deployed', 'failed: Error: deployed', 'ended'])
  })

  it('that is stopped while the module starts waits for the start, then stops the module', async () => {
    const tested = await new TestedRun().as('starting')
    tested.run.stop(STOP)
    expect(tested.happened.all).toEqual(['module starts', 'signal fires', 'interrupted: deployed'])
    tested.start.resolve()
    tested.stop.resolve()
    expect((await tested.ended()).slice(3)).toEqual(['started', 'module stops', 'ended'])
  })

  it('whose start fails after the stop does not stop the module', async () => {
    const tested = await new TestedRun().as('starting')
    tested.run.stop(STOP)
    tested.start.reject('no memory')
    expect((await tested.ended()).slice(3)).toEqual(['failed: no memory', 'ended'])
  })

  it('that failed to load ends without a stop', async () => {
    const tested = await new TestedRun().as('loading')
    tested.load.reject('no file')
    await tested.happened.count(1)
    tested.run.stop(STOP)
    expect(await tested.ended()).toEqual(['failed: no file', 'interrupted: deployed', 'ended'])
  })

  it('that never began ends at once', async () => {
    const tested = new TestedRun()
    tested.run.stop(STOP)
    expect(await tested.ended()).toEqual(['ended'])
  })

  it('ends when the stop of the module fails, and logs it', async () => {
    const tested = await new TestedRun().as('up')
    tested.run.stop(STOP)
    tested.stop.reject('cannot')
    expect((await tested.ended()).slice(-3)).toEqual(['module stops', 'the module failed to stop', 'ended'])
  })

  it('does not call the stop of a module that another run uses', async () => {
    const tested = await new TestedRun({ mayStop: false }).as('up')
    tested.run.stop(STOP)
    expect(await tested.ended()).not.toContain('module stops')
  })
})

/** A run of this module, with what it logs, as `[level, fields, message]`. */
function runOf(module: Partial<RuntimeModule>, ended = () => {}) {
  const logs = new Noted<readonly unknown[]>()
  const log = (level: string) => (fields: object, message: string) => logs.add([level, fields, message])
  const up = new Noted<true>()
  const run = new ModuleRun({
    logger: { debug() {}, info() {}, warn: log('warn'), error: log('error') },
    load: async () => ({ call: () => null, ...module }),
    started: () => up.add(true),
    failed() {},
    interrupted() {},
    ended,
  })
  run.start(CONTEXT)
  return { run, logs, up: up.count(1) }
}

describe('A run of a module logs', () => {
  it('what the module throws when it hears its role, and what its stop throws', async () => {
    const [deaf, mute] = [new Error('deaf'), new Error('mute')]
    const fail = (error: Error) => () => {
      throw error
    }
    const { run, logs, up } = runOf({ role: fail(deaf), stop: fail(mute) })
    run.setRole('next')
    await up
    run.setRole('active')
    run.stop(STOP)
    await logs.count(2)
    expect(logs.all).toEqual([
      ['error', { err: deaf, role: 'active' }, 'the module failed to take its role'],
      ['warn', { err: mute }, 'the module failed to stop'],
    ])
  })

  it('nothing about a module that has no start, no role and no stop', async () => {
    const over = new Noted<true>()
    const { run, logs, up } = runOf({}, () => over.add(true))
    await up
    run.setRole('active')
    expect(run.running).toBe(run.module)
    run.stop(STOP)
    await over.count(1)
    expect([logs.all, run.running]).toEqual([[], undefined])
  })

  it('an effect that throws, as a bug', async () => {
    const bug = new Error('a bug')
    const { run, logs, up } = runOf({}, () => {
      throw bug
    })
    await up
    run.stop(STOP)
    await logs.count(1)
    expect(logs.all).toEqual([['error', { err: bug }, 'an effect threw: please report this as a bug of cutover']])
  })
})
