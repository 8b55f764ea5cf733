import { type InProcessOptions, inProcess, type LoaderConfig, type RuntimeConfig } from 'cutover/hosts'
import { describe, expect, it } from 'vitest'

import { deferred, echo, fixture, Host, type Module } from '../../fixtures/inProcessHost.js'

describe('the in-process host: which module runs', () => {
  it('A module given as an object answers', async () => {
    const { runtime, events } = await new Host(echo).start()
    expect(await runtime.call('a')).toBe('a')
    expect(events).toEqual(['started'])
  })

  it('A loader is called with the config at every start, and may be async', async () => {
    const configs: unknown[] = []
    const load = async (config: RuntimeConfig): Promise<Module> => {
      configs.push(config.version)
      return { call: request => `${configs.length}: ${request}` }
    }
    const host = new Host(load)
    expect(configs).toEqual([])
    await host.start()
    expect(await host.runtime.call('a')).toBe('1: a')
    await host.runtime.abort({ force: true })
    expect(await host.runtime.call('a')).toBe('2: a')
    expect(configs).toEqual(['1.0.0', '1.0.0'])
  })

  it.each([
    ['a URL, exports by name', fixture('byName'), 'hello from 1.0.0: a'],
    ['a URL, a default object', fixture('byDefault'), 'default: a'],
    ['the text of a URL', fixture('byDefault').href, 'default: a'],
    ['a path', fixture('byDefault').pathname, 'default: a'],
    ['a path relative to the working directory', 'test/fixtures/modules/byDefault.mjs', 'default: a'],
    ['a loader that imports it', () => import('../../fixtures/modules/byDefault.mjs' as string), 'default: a'],
  ])('A module file is given as %s', async (_, module, answer) => {
    const { runtime } = new Host(undefined, { module })
    runtime.start()
    expect(await runtime.call('a')).toBe(answer)
  })

  it('The result of import() works as the module, with named exports or a default object', async () => {
    const namespace = await import('../../fixtures/modules/byDefault.mjs' as string)
    const { runtime } = new Host(namespace)
    runtime.start()
    expect(await runtime.call('a')).toBe('default: a')
  })

  it('A config may contain the module, or a loader, which gets the canonical version', async () => {
    const brought = new Host(undefined, {}, { module: echo })
    brought.runtime.start()
    expect(await brought.runtime.call('a')).toBe('a')
    const module = ({ version }: LoaderConfig) => ({ call: () => version })
    const loaded = new Host(undefined, {}, { module, version: '1.0.0+build' })
    loaded.runtime.start()
    expect(await loaded.runtime.call('a')).toBe('1.0.0')
  })

  it('The module of the config overrides that of the host, and gets the localConfig', async () => {
    const config = { module: fixture('byName'), localConfig: { greeting: 'good day' } }
    const { runtime } = new Host(echo, {}, config)
    runtime.start()
    expect(await runtime.call('a')).toBe('good day from 1.0.0: a')
  })

  it.each([
    ['that throws', fixture('throws'), /broken module/],
    ['that is not there', fixture('missing'), /missing\.mjs/],
    ['without a function call', fixture('noCall'), /has no function "call"/],
  ])('A module file %s is a failed start that says so, and is tried again', async (_, module, message) => {
    const host = new Host(undefined, { module })
    const failed = deferred<Error>()
    host.runtime.watchEvents().subscribe(event => event.type === 'failedToStart' && failed.resolve(event.error))
    host.runtime.start()
    const error = await failed.promise
    expect(error).toMatchObject({
      code: 'CUTOVER_START_FAILED',
      version: '1.0.0',
      message: expect.stringMatching(message),
    })
  })

  it('An invalid module, option or config throws at once, and the error names it', () => {
    const invalid = (code: string, message: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(message) })
    const option = (options: object) => () => inProcess(options as InProcessOptions)
    expect(option({ module: {} })).toThrow(invalid('CUTOVER_INVALID_RUNTIME', /"module" has no function "call"/))
    expect(option({ module: { call: () => 1, stop: 7 } })).toThrow(invalid('CUTOVER_INVALID_RUNTIME', /"stop"/))
    for (const module of [7, '', null, true]) expect(option({ module })).toThrow(/module/)
    for (const name of [
      'connectTimeout',
      'startTimeout',
      'minBackoff',
      'backoffFactor',
      'jitter',
      'giveUpAfter',
      'maxBackoff',
      'stableAfter',
      'abortTimeout',
      'stopTimeout',
      'waitTimeout',
      'maxWaitingCalls',
    ]) {
      for (const value of [-1, Number.NaN, '10', null]) {
        expect(option({ [name]: value })).toThrow(invalid('CUTOVER_INVALID_OPTION', new RegExp(`"${name}"`)))
      }
    }
    expect(option({ clock: {} })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"clock"/))
    const config = (changes: object) => () =>
      inProcess({ module: echo }).provision({ id: 'a', version: '1.0.0', ...changes })
    expect(config({ id: '' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"id"/))
    expect(config({ version: '1' })).toThrow(invalid('CUTOVER_INVALID_VERSION', /"1"/))
    expect(config({ module: 7 })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"module"/))
    expect(config({ localConfig: 'x' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"localConfig"/))
    expect(config({ onHostRequest: 'x' })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"onHostRequest"/))
    expect(config({ logger: {} })).toThrow(invalid('CUTOVER_INVALID_OPTION', /"logger"/))
    expect(() => inProcess().provision({ id: 'a', version: '1.0.0' })).toThrow(/"module" must be given/)
  })
})
