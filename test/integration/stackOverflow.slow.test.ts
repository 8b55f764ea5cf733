import { Aggregate, type AggregateOptions, type CallOptions, type Runtime } from 'cutover'
import { childProcess, inProcess, type RuntimeModule, workerThread } from 'cutover/hosts'
import { ControllableRuntime } from 'cutover/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guestFile } from '../fixtures/remoteHost.js'

type Call = (request: string, options?: CallOptions) => string | Promise<string>

/** `ok` is answered; every other request is handed to `again`. */
const RUNTIMES: Readonly<Record<string, (again: Call) => Runtime<string, string>>> = {
  'a runtime, synchronous': again => foreign((...call) => (call[0] === 'ok' ? 'ok' : again(...call))),
  'a runtime, asynchronous': again => foreign(async (...call) => (call[0] === 'ok' ? 'ok' : again(...call))),
  'a module, synchronous': again => inThisProcess({ call: request => (request === 'ok' ? request : again(request)) }),
  'a module, asynchronous': again =>
    inThisProcess({ call: async request => (request === 'ok' ? request : again(request)) }),
  'a module that asks for its signal': again =>
    inThisProcess({
      call: async (request, { signal }) => {
        signal.throwIfAborted()
        return request === 'ok' ? request : again(request)
      },
    }),
  'a module that passes a signal on': again => {
    const { signal } = new AbortController()
    return inThisProcess({ call: async request => (request === 'ok' ? request : again(request, { signal })) })
  },
}

const REMOTE = {
  'a child process': childProcess({ module: guestFile('echo') }),
  'a child process with three calls in flight': childProcess({ module: guestFile('echo'), maxInFlight: 3 }),
  'a worker thread': workerThread({ module: guestFile('echo') }),
}

function foreign(call: Call): Runtime<string, string> {
  const runtime = new ControllableRuntime<string, string>({
    id: 'x',
    version: '1.0.0',
    autoStart: true,
    autoStop: true,
  })
  return Object.assign(runtime, { call })
}

function inThisProcess(module: RuntimeModule<string, string>): Runtime<string, string> {
  return inProcess({ module }).provision({ id: 'x', version: '1.0.0' })
}

async function serving(runtime: Runtime<string, string>, options: Partial<AggregateOptions<string>> = {}) {
  const aggregate = new Aggregate<string, string>({ id: 'x', ...options })
  aggregate.addVersion('1.0.0', runtime)
  aggregate.start()
  await aggregate.setVersion('1.0.0')
  await aggregate.whenRunning()
  return aggregate
}

/**
 * Vitest reads imports through getters that catch whatever they throw, a RangeError of the stack too: then the import is
 * `undefined`. Where imports are those of Node.js, only the RangeError occurs.
 */
const STACK_OVERFLOW = /^(RangeError: Maximum call stack size exceeded|TypeError: undefined is not a function)/

/** Calls `act` a little further down the stack, so that each time another function is the one that does not fit. */
function below<T>(depth: number, act: () => T): T {
  return depth === 0 ? act() : below(depth - 1, act)
}

const unhandled: unknown[] = []
const note = (reason: unknown) => unhandled.push(reason)
beforeEach(() => {
  process.on('unhandledRejection', note)
})
afterEach(() => {
  process.off('unhandledRejection', note)
})

/** Other callers are answered, and no call may be left. */
async function expectUnharmed(aggregate: Aggregate<string, string>): Promise<void> {
  expect(await aggregate.call('ok')).toBe('ok')
  expect(aggregate.status()).toMatchObject({ inFlight: 0, waiting: 0 })
  // Node.js reports rejections that nobody handles after the microtasks of a turn.
  await new Promise(setImmediate)
  expect(unhandled.splice(0)).toEqual([])
}

/** Nothing holds up the end either: the drain would take a minute. */
async function expectNothingLeft(aggregate: Aggregate<string, string>): Promise<void> {
  await expectUnharmed(aggregate)
  await aggregate.dispose()
  await new Promise(setImmediate)
  expect(unhandled.splice(0)).toEqual([])
}

describe('a runtime that calls its own aggregate without end', () => {
  it.each(Object.keys(RUNTIMES))('gives its caller a RangeError, and leaves no call behind: %s', async name => {
    for (let depth = 0; depth < 40; depth++) {
      const make = RUNTIMES[name] as (again: Call) => Runtime<string, string>
      const aggregate: Aggregate<string, string> = await serving(
        make((...call) => aggregate.call(...call)),
        { drainTimeout: 60_000 },
      )
      const outcome = await below(depth, async () => aggregate.call('again')).catch((error: unknown) => error)
      expect(`${outcome}`).toMatch(STACK_OVERFLOW)
      await expectNothingLeft(aggregate)
    }
  })

  it('as next, by propagation, leaves the answer of the active version alone', async () => {
    for (let depth = 0; depth < 40; depth++) {
      const aggregate: Aggregate<string, string> = await serving(
        foreign(async request => request),
        { propagate: request => request !== 'ok', drainTimeout: 60_000 },
      )
      const next = new ControllableRuntime<string, string>({
        id: 'x',
        version: '2.0.0',
        autoStart: true,
        autoStop: true,
      })
      next.call = request => aggregate.call(request)
      aggregate.addVersion('2.0.0', next)
      await aggregate.setVersion('1.0.0', '2.0.0')
      expect(await below(depth, () => aggregate.call('again'))).toBe('again')
      await expectNothingLeft(aggregate)
    }
  })
})

describe('callers at the end of their stack', { timeout: 120_000 }, () => {
  /** Calls at each of the last levels above the end of the stack; a call that throws was not sent. */
  function callAtTheEnd(aggregate: Aggregate<string, string>, options: CallOptions | undefined) {
    const calls: Promise<boolean>[] = []
    let deepest = 0
    const down = (level: number, from: number): void => {
      deepest = level
      if (level >= from) calls.push(aggregate.call(`${level}`, options).then(answer => answer === `${level}`))
      down(level + 1, from)
    }
    expect(() => down(0, Number.POSITIVE_INFINITY)).toThrow(RangeError)
    // The stack does not always end at the same level: what is compiled meanwhile takes less of it.
    const from = deepest - 1_000
    // In Vitest an import at the end of the stack may read as undefined, as STACK_OVERFLOW says.
    expect(() => down(0, from)).toThrow(/^(Maximum call stack size exceeded|undefined is not a function)/)
    expect(calls.length).toBeGreaterThan(500)
    return calls
  }

  const withSignal = [undefined, new AbortController()]
  const cases = Object.keys(REMOTE).flatMap(host =>
    withSignal.map(options => [host, options ? 'with' : 'without'] as const),
  )

  it.each(cases)('do no harm to others, through %s, %s a signal', async (host, signal) => {
    const provisioner = REMOTE[host as keyof typeof REMOTE]
    const aggregate = await serving(provisioner.provision<string, string>({ id: 'x', version: '1.0.0' }))
    for (let depth = 0; depth < 4; depth++) {
      const calls = below(depth, () => callAtTheEnd(aggregate, signal === 'with' ? new AbortController() : undefined))
      for (const outcome of await Promise.allSettled(calls)) {
        if (outcome.status === 'fulfilled') expect(outcome.value).toBe(true)
        else expect(`${outcome.reason}`).toMatch(STACK_OVERFLOW)
      }
      await expectUnharmed(aggregate)
    }
    await expectNothingLeft(aggregate)
  })

  it.each([undefined, new AbortController()])('do no harm while calls wait', async options => {
    for (let depth = 0; depth < 10; depth++) {
      const aggregate = new Aggregate<string, string>({ id: 'x' })
      const calls = below(depth, () => callAtTheEnd(aggregate, options))
      const received: string[] = []
      aggregate.addVersion(
        '1.0.0',
        foreign(async request => {
          received.push(request)
          return request
        }),
      )
      aggregate.start()
      await aggregate.setVersion('1.0.0')
      const answered = (await Promise.allSettled(calls)).filter(({ status }) => status === 'fulfilled')
      expect(received).toHaveLength(answered.length)
      await expectNothingLeft(aggregate)
    }
  })
})
