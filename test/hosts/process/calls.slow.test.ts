import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { isCutoverError } from 'cutover'
import { bubblewrap, type ChildProcessOptions, type RuntimeConfig } from 'cutover/hosts'
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { noBubblewrap } from '../../fixtures/installed.js'
import { Noted } from '../../fixtures/noted.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const module = guestFile('versatile')

function versatile(config: Partial<RuntimeConfig> = {}, options: ChildProcessOptions = {}): Promise<RemoteHost> {
  return RemoteHost.ofModule({ module, ...options }, config).started()
}

/** A host that the tests of one group share. */
function sharedHost(config: Partial<RuntimeConfig> = {}): { current: RemoteHost } {
  const shared = { current: RemoteHost.ofModule({ module }, config) }
  beforeAll(async () => {
    await shared.current.started()
    return () => shared.current.runtime.stop()
  })
  return shared
}

describe('What a module throws in another process', () => {
  const host = sharedHost()
  const thrown = (what: string) => rejectionOf(host.current.do('throw', { what }))

  it('arrives with class, name, message, code, own properties and its causes', async () => {
    const error = await thrown('rangeError')
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ name: 'RangeError', message: 'too far', code: 'E_FAR', details: { at: [1, 2] } })
    expect(error).toHaveProperty('page', 7)
    const { cause } = error as Error
    expect(cause).toBeInstanceOf(SyntaxError)
    expect(cause).toMatchObject({ message: 'the deeper reason', code: 'E_DEEPER', cause: 'a text' })
  })

  it('has its own stack apart from that of the caller', async () => {
    const { stack, guestStack } = (await thrown('rangeError')) as Error & { guestStack: string }
    expect(guestStack).toMatch(/RangeError: too far\n.*versatile\.mjs/s)
    expect(stack).not.toMatch(/versatile\.mjs/)
  })

  it('keeps the name of a class that is not known here', async () => {
    const error = await thrown('custom')
    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({ name: 'PrinterError', message: 'out of paper' })
  })

  it('stays an error of this library when it is one', async () => {
    const error = await rejectionOf(host.current.do('throwOurs'))
    expect(isCutoverError(error, 'CUTOVER_NO_SUCH_VERSION')).toBe(true)
    expect(error).toMatchObject({ message: 'not here', version: '9.0.0' })
  })

  it('keeps the errors of an AggregateError', async () => {
    const error = await thrown('several')
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(String)).toEqual(['TypeError: one', 'Error: two'])
  })

  it.each([
    ['text', 'only a text'],
    ['object', { code: 4 }],
    ['nothing', undefined],
  ])('may be no error at all: %s', async (what, value) => {
    expect(await thrown(what)).toEqual(value)
  })
})

describe('A call that its caller gives up', () => {
  let told = new Noted<unknown>()
  const host = sharedHost({ onHostRequest: request => told.add(request) })
  beforeEach(() => {
    told = new Noted()
  })

  it('is not sent when its signal has fired already', async () => {
    const reason = new Error('too late')
    const given = host.current.do('tellOfSignal', {}, { signal: AbortSignal.abort(reason) })
    expect(await rejectionOf(given)).toBe(reason)
    await host.current.do('answer')
    expect(told.all).toEqual([])
  })

  it('rejects with the reason at once, and its signal fires in the guest', async () => {
    const controller = new AbortController()
    const [mine, other] = [host.current.do('tellOfSignal', {}, controller), host.current.do('hang')]
    const rejection = rejectionOf(mine)
    other.catch(() => {})
    await told.first(request => request === 'begun')
    const reason = new Error('I have lost interest')
    controller.abort(reason)
    // At once: before anything can have come from the guest.
    expect(await rejection).toBe(reason)
    expect(told.all).toEqual(['begun'])
    await told.count(2)
    expect(told.all).toEqual(['begun', 'interrupted'])
    expect(await host.current.do('answer', { value: 1 })).toBe(1)
  })
})

describe('A module asks its host', () => {
  let answer: NonNullable<RuntimeConfig['onHostRequest']> = async request => ({ echo: request })
  const host = sharedHost({
    localConfig: { ask: 'may I start' },
    onHostRequest: (request, context) => answer(request, context),
  })

  it('during a call and while it starts, and gets the answer of onHostRequest', async () => {
    expect(await host.current.do('askedAtStart')).toEqual({ echo: 'may I start' })
    const value = { key: new Uint8Array([1, 2]), height: 2n ** 60n }
    expect(await host.current.do('askHost', { value })).toEqual({ echo: value })
  })

  it('and gets the error of onHostRequest whole', async () => {
    answer = () => {
      const error = new TypeError('no such key', { cause: new Error('disk on fire') })
      throw Object.assign(error, { code: 'E_KEY', details: { key: 'a' } })
    }
    expect(await host.current.do('askInVain', { value: 1 })).toEqual({
      name: 'TypeError',
      code: 'E_KEY',
      message: 'no such key',
      details: { key: 'a' },
      cause: 'disk on fire',
    })
  })

  it('and gives up: the signal of onHostRequest fires', async () => {
    const fired = new Noted<boolean>()
    answer = (_, { signal }) =>
      new Promise(resolve => {
        signal.addEventListener('abort', () => {
          fired.add(signal.aborted)
          resolve('too late')
        })
      })
    expect(await host.current.do('askAndGiveUp', { value: 1 })).toBe('changed my mind')
    await fired.count(1)
    expect(fired.all).toEqual([true])
  })

  it('and is told when there is no onHostRequest', async () => {
    await using silent = await versatile({ localConfig: { ask: 1 } })
    expect(await silent.do('askedAtStart')).toMatch(/^refused: Version 1\.0\.0 .*onHostRequest/)
    expect(await silent.do('askInVain', { value: 1 })).toMatchObject({ code: 'CUTOVER_UNHANDLED_HOST_REQUEST' })
  })
})

describe('A value', () => {
  const host = sharedHost()
  const nested = (depth: number): unknown => (depth === 0 ? 'the end' : { in: [nested(depth - 1)] })

  it.each([
    ['null, booleans and numbers', [null, true, false, 0, -1, 1.5, 2 ** 31, -(2 ** 40), 1e300, 5e-324]],
    ['numbers that JSON has not', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['integers beyond 2^53', [2n ** 53n, 2n ** 64n - 1n, -(2n ** 64n), Number.MAX_SAFE_INTEGER]],
    ['bytes', [new Uint8Array(0), new Uint8Array([0, 255, 128])]],
    ['text', ['', 'naïve Größe 東京 🚀\u0000\ud83d\ude00', 'x'.repeat(100_000)]],
    ['text as keys', { '': 1, 'a b': 2, 東京: 3, 7: 4, '-1': 5 }],
    ['what is nested', nested(60)],
    ['undefined in objects and arrays', { a: undefined, b: [undefined, 1] }],
  ])('arrives whole: %s', async (_, value) => {
    expect(await host.current.do('answer', { value })).toStrictEqual(value)
  })

  it('of many bytes arrives whole', async () => {
    const value = new Uint8Array(100_000).fill(7)
    const answer = (await host.current.do('answer', { value })) as Uint8Array
    // Vitest compares such arrays item by item, which takes 100 times as long.
    expect(Buffer.compare(answer, value)).toBe(0)
    expect(answer).not.toBeInstanceOf(Buffer)
  })

  it('A key such as __proto__ is only a key', async () => {
    const answer = await host.current.do('answer', { value: JSON.parse('{"__proto__": {"isAdmin": true}}') })
    expect(Object.keys(answer as object)).toEqual(['__proto__'])
    expect(answer).not.toHaveProperty('isAdmin')
  })

  it('of no answer at all is undefined', async () => {
    expect(await host.current.do('answer')).toBeUndefined()
  })

  it.each([
    ['a function', () => {}, 'a function'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['a lone half of a character', 'a\ud800b', 'a string with a lone surrogate'],
    ['a promise', Promise.resolve(), 'a Promise'],
  ])('that cannot be sent rejects its call alone, and nothing is sent: %s', async (_, value, what) => {
    const before = host.current.do('answer', { value: 1 })
    const refused = rejectionOf(host.current.do('answer', { value: { deep: [value] } }))
    const after = host.current.do('answer', { value: 2 })
    expect(await refused).toMatchObject({ message: expect.stringContaining(`.value.deep[0] is ${what}`) })
    expect([await before, await after]).toEqual([1, 2])
    expect(host.current.types).toEqual(['started'])
  })

  it('of more than maxFrameBytes rejects its call alone', async () => {
    await using small = await versatile({}, { maxFrameBytes: 10_000 })
    const refused = rejectionOf(small.do('answer', { value: 'x'.repeat(20_000) }))
    expect(await refused).toMatchObject({ message: expect.stringMatching(/10,?000/) })
    expect(await small.do('answer', { value: 1 })).toBe(1)
    expect(small.types).toEqual(['started'])
  })

  it('that cannot be sent back rejects its call alone', async () => {
    const answers = await Promise.allSettled([host.current.do('uncloneable'), host.current.do('answer', { value: 1 })])
    expect(answers).toEqual([
      { status: 'rejected', reason: expect.objectContaining({ message: expect.stringMatching(/a function/) }) },
      { status: 'fulfilled', value: 1 },
    ])
  })
})

describe('A process that runs a module', () => {
  const host = sharedHost()

  it('gives each of 1,000 calls at once its own answer', async () => {
    const numbers = Array.from({ length: 1_000 }, (_, i) => i)
    expect(await Promise.all(numbers.map(value => host.current.do('answer', { value })))).toEqual(numbers)
  })

  it('is told its id, version and localConfig', async () => {
    const localConfig = { path: '/data', limits: { pages: 12, ratio: 0.5 } }
    await using host = await versatile({ id: 'markdown', version: '2.3.4-rc.1', localConfig })
    expect(await host.do('surroundings')).toEqual({ id: 'markdown', version: '2.3.4-rc.1', localConfig })
  })

  it('gets env, PATH, HOME, LANG and TMPDIR, and nothing else of the environment', async () => {
    process.env['A_SECRET_OF_THE_HOST'] = 'x'
    onTestFinished(() => void delete process.env['A_SECRET_OF_THE_HOST'])
    await using host = await versatile({ env: { LICENCE: 'free', LANG: 'tlh' } })
    const env = (await host.do('env')) as Record<string, string>
    const inherited = ['PATH', 'HOME', 'TMPDIR'].filter(name => process.env[name] !== undefined)
    expect(Object.keys(env).sort()).toEqual([...inherited, 'CUTOVER_HOST', 'LANG', 'LICENCE'].sort())
    expect(env).toMatchObject({ LICENCE: 'free', LANG: 'tlh', PATH: process.env['PATH'] })
  })

  it('has its output in the logger, line by line, with level and fields', async () => {
    const line = JSON.stringify({ level: 40, msg: 'paper is low', pages: 3 })
    await host.current.do('say', { stdout: `hello\n${line}\n`, stderr: 'oh no\n{"level":"error","message":"jam"}\n' })
    const about = { runtime: 'unruly', version: '1.0.0' }
    expect(await host.current.logged('hello')).toMatchObject({ level: 'info', object: { ...about, stream: 'stdout' } })
    expect(await host.current.logged('paper is low')).toMatchObject({
      level: 'warn',
      object: { ...about, stream: 'stdout', pages: 3 },
    })
    expect(await host.current.logged('oh no')).toMatchObject({ level: 'warn', object: { ...about, stream: 'stderr' } })
    expect(await host.current.logged('jam')).toMatchObject({ level: 'error', object: { ...about, stream: 'stderr' } })
  })

  it('says in getInfo which protocol it speaks and what it can do', async () => {
    const features = { cutover_traceparent: true, cutover_streams: true }
    expect(await host.current.runtime.getInfo()).toEqual({ version: '1.0.0', protocolVersion: '5.1.0', features })
  })
})

describe.skipIf(noBubblewrap !== undefined)('A module in a sandbox', () => {
  it.each([
    [false, 'ECONNREFUSED'],
    [true, 'reached'],
  ])('with network %s finds that its host is: %s', async (network, outcome) => {
    const server = createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const readOnly = [fileURLToPath(new URL('../../..', import.meta.url))]
    await using host = await versatile({}, { sandbox: bubblewrap({ network, readOnly }) })
    expect(await host.do('connect', { port })).toBe(outcome)
    expect(await host.do('answer', { value: 1 })).toBe(1)
  })
})
