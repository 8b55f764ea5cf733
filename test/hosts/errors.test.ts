import { inspect } from 'node:util'
import { type CutoverError, isCutoverError } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { rejectionOf } from '../fixtures/hosting.js'
import { Noted } from '../fixtures/noted.js'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'

type Make = (options: { readonly module: URL }) => Provisioner
const REMOTE: readonly (readonly [string, Make])[] = [
  ['a thread', workerThread],
  ['a process', childProcess],
]
const HOSTS: typeof REMOTE = [['this process', inProcess], ...REMOTE]

/** A host that the tests of one group share, and what its module has told the host in the current test. */
function sharedHost(make: Make) {
  const shared = { told: new Noted<unknown>() }
  const onHostRequest = (request: unknown) => void shared.told.add(request)
  const host = new RemoteHost(
    config => make({ module: guestFile('reasons') }).provision<Deed, unknown>({ ...config, onHostRequest }),
    {},
  )
  beforeAll(async () => {
    await host.started()
    return () => host.runtime.stop()
  })
  beforeEach(() => {
    shared.told = new Noted()
  })
  return { host, shared }
}

/** The properties of an error that pino's standard serializer copies. */
function asPino(error: Error): Record<string, unknown> {
  const copied: Record<string, unknown> = { type: error.name, message: error.message, stack: error.stack }
  for (const key in error) copied[key] ??= (error as unknown as Record<string, unknown>)[key]
  return copied
}

describe.each(HOSTS)('The reason of an abort, in %s', (_, make) => {
  const { host, shared } = sharedHost(make)

  it.each<[string, unknown, unknown]>([
    ['an error', Object.assign(new RangeError('enough'), { code: 'E_ENOUGH', at: new Date(0) }), RangeError],
    ['a text', 'the user left', 'the user left'],
    ['an object', { left: ['now'] }, { left: ['now'] }],
    ['the default', undefined, DOMException],
    ['a timeout', new DOMException('took too long', 'TimeoutError'), DOMException],
  ])('arrives as it is: %s', async (_, given, expected) => {
    const { told } = shared
    const controller = new AbortController()
    const call = rejectionOf(host.do('wait', {}, controller))
    await told.count(1)
    controller.abort(given)
    expect(await call).toBe(controller.signal.reason)
    await told.count(2)
    const { reason } = told.all[1] as { reason: unknown }
    if (typeof expected !== 'function') expect(reason).toEqual(expected)
    else {
      const { name, message } = controller.signal.reason
      expect(reason).toBeInstanceOf(expected)
      expect({ ...(reason as object) }).toMatchObject({ ...controller.signal.reason })
      expect(reason).toMatchObject({ name, message })
    }
  })

  it('of the host names the version', async () => {
    const { told } = shared
    const call = rejectionOf(host.do('wait'))
    await told.count(1)
    await host.runtime.abort()
    await told.count(2)
    const { reason } = told.all[1] as { reason: CutoverError }
    for (const error of [reason, await call]) {
      expect(isCutoverError(error, 'CUTOVER_ABORTED')).toBe(true)
      expect(error).toMatchObject({ version: '1.0.0', message: expect.stringMatching(/^Version 1\.0\.0 was asked/) })
    }
  })
})

describe.each(REMOTE)('An error of %s', (_, make) => {
  const { host } = sharedHost(make)

  it('keeps the properties that can travel, and notes the others', async () => {
    expect(await rejectionOf(host.do('http'))).toMatchObject({
      message: 'not found',
      code: 'E_HTTP',
      cause: { message: 'deeper' },
      config: { url: new URL('http://localhost/a'), retries: 3 },
      response: { status: 404, at: new Date(0) },
      notSent: ['config.adapter is a function', 'request.socket is a function', 'response.body is a Promise'],
    })
  })

  it('that is too large to send loses its large properties only', async () => {
    const error = await rejectionOf(host.do('large'))
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'large', code: 'E_LARGE', cause: { message: 'why' }, status: 413 })
    if (make === childProcess) expect(error).toMatchObject({ notSent: ['data is too large'] })
  })

  it('that contains itself arrives', async () => {
    const error = (await rejectionOf(host.do('self'))) as Error
    expect(error).toMatchObject({ message: 'self', other: { message: 'other' } })
    expect(error).toMatchObject({ notSent: ['error contains itself', 'other.error contains itself'] })
  })

  it('shows the stack of the guest to console.error() and pino', async () => {
    const error = (await rejectionOf(host.do('http'))) as Error
    expect(inspect(error)).toMatch(/guestStack: .*Error: not found[\s\S]*reasons\.mjs/)
    expect(asPino(error)['guestStack']).toMatch(/Error: not found[\s\S]*reasons\.mjs/)
  })
})
