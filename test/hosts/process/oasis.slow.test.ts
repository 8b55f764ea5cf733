import type { Runtime } from 'cutover'
import { type ChildProcessOptions, childProcess, type RuntimeConfig } from 'cutover/hosts'
import { SimulatedClock } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { rejectionOf } from '../../fixtures/hosting.js'
import { Noted } from '../../fixtures/noted.js'
import { type Deed, guestFile, RemoteHost } from '../../fixtures/remoteHost.js'
import { isAlive } from '../../fixtures/system.js'

const LOST = 'CUTOVER_RUNTIME_LOST'
const ID = '8000000000000000000000000000000000000000000000000000000000000abc'
const hostInfo = {
  consensusBackend: 'tendermint',
  consensusProtocolVersion: { major: 7, minor: 1 },
  consensusChainContext: 'f00d',
} as const

function hosted(config: Partial<RuntimeConfig> = {}, options: ChildProcessOptions = {}): RemoteHost {
  const args = [guestFile('oasisGuest').pathname]
  const provisioner = childProcess({
    command: process.execPath,
    args,
    hostVariable: 'OASIS_WORKER_HOST',
    protocol: 'raw',
    minBackoff: 20,
    jitter: 0,
    ...options,
  })
  const provision = (given: RuntimeConfig) => provisioner.provision<Deed, unknown>(given)
  return new RemoteHost(provision, { id: ID, version: '0.2.0', hostInfo, ...config })
}

/** Calls a method of the runtime as Oasis Core does, and takes the data out of the answer. */
async function query({ runtime }: RemoteHost, method: string, details: object = {}): Promise<unknown> {
  const answer = await (runtime as Runtime).call({ RuntimeQueryRequest: { method, ...details } })
  return (answer as { RuntimeQueryResponse: { data: unknown } }).RuntimeQueryResponse.data
}

describe('A runtime of Oasis Core', () => {
  it('is told what it knows, and no more', async () => {
    await using host = await hosted().started()
    expect(await query(host, 'hello')).toEqual({
      runtime_id: new Uint8Array(Buffer.from(ID, 'hex')),
      consensus_backend: 'tendermint',
      consensus_protocol_version: { major: 7, minor: 1, patch: 0 },
      consensus_chain_context: 'f00d',
    })
  })

  it('is told its local_config as well when there is one', async () => {
    await using host = await hosted({ localConfig: { max_size: 5 } }).started()
    expect(await query(host, 'hello')).toMatchObject({ local_config: { max_size: 5 } })
  })

  it('gets no traceparent, for it refuses unknown kinds and fields', async () => {
    await using host = await hosted().started()
    const request = { RuntimeQueryRequest: { method: 'echo', args: 1 } }
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const answer = await (host.runtime as Runtime).call(request, { traceparent })
    expect(answer).toEqual({ RuntimeQueryResponse: { data: 1 } })
  })

  it('finds its host in the variable that it reads, and in no other', async () => {
    await using host = await hosted().started()
    const names = await query(host, 'env')
    expect(names).toContain('OASIS_WORKER_HOST')
    expect(names).not.toContain('CUTOVER_HOST')
  })

  it('says its version without zeros, and what it can do', async () => {
    await using host = await hosted().started()
    expect(await host.runtime.getInfo()).toEqual({
      version: '0.2.0',
      protocolVersion: '5.1.0',
      features: { schedule_control: { initial_batch_size: 50 } },
    })
  })

  it('logs with the levels of Oasis Core', async () => {
    await using host = await hosted().started()
    await query(host, 'log')
    expect(await host.logged('out of gas')).toMatchObject({ level: 'error', object: { module: 'runtime' } })
  })

  it('of another version than the configured one is refused, naming both', async () => {
    await using host = hosted({ version: '0.3.0' })
    expect((await host.failure()).message).toMatch(/0\.2\.0.*0\.3\.0/)
  })

  it('is called with a body, and answers with one', async () => {
    await using host = await hosted().started()
    const args = { height: 2n ** 62n, key: new Uint8Array([1, 2]) }
    expect(await (host.runtime as Runtime).call({ RuntimeQueryRequest: { method: 'echo', args } })).toEqual({
      RuntimeQueryResponse: { data: args },
    })
  })

  it('answers with an Error: the call rejects with its module, code and message', async () => {
    await using host = await hosted().started()
    expect(await rejectionOf(query(host, 'fail'))).toMatchObject({
      name: 'GuestError',
      module: 'rhp/dispatcher',
      code: 1,
      message: 'no such method',
    })
    const unknown = rejectionOf((host.runtime as Runtime).call({ RuntimeNoSuchRequest: {} }))
    expect(await unknown).toMatchObject({ message: 'method not supported' })
    expect(host.types).toEqual(['started'])
  })

  it.each([
    ['no kind', {}],
    ['two kinds', { RuntimeQueryRequest: {}, RuntimePingRequest: {} }],
  ])('is not called with a body of %s', async (_, body) => {
    await using host = await hosted().started()
    expect(await rejectionOf((host.runtime as Runtime).call(body))).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST' })
    expect(await query(host, 'echo', { args: 1 })).toBe(1)
  })
})

describe('What a runtime of Oasis Core asks its host', () => {
  const body = { HostLocalStorageGetRequest: { key: new Uint8Array([7]) } }

  it('goes to onHostRequest as a body, and the body that it answers with goes back under the same 64 bits', async () => {
    const asked: unknown[] = []
    const onHostRequest = async (request: unknown) => {
      asked.push(request)
      return { HostLocalStorageGetResponse: { value: new Uint8Array([9]) } }
    }
    await using host = await hosted({ onHostRequest }).started()
    expect(await query(host, 'ask', { body })).toEqual({
      askedId: 2n ** 63n + 1n,
      body: { HostLocalStorageGetResponse: { value: new Uint8Array([9]) } },
    })
    expect(await query(host, 'ask', { body })).toMatchObject({ askedId: 2n ** 63n + 2n })
    expect(asked).toEqual([body, body])
  })

  it.each<[string, Partial<RuntimeConfig>, RegExp]>([
    ['there is no onHostRequest', {}, /HostLocalStorageGetRequest, which onHostRequest .* does not answer/],
    ['it answers nothing', { onHostRequest: () => undefined }, /does not answer with a body of one kind/],
    ['it answers with two kinds', { onHostRequest: () => ({ A: 1, B: 2 }) }, /does not answer with a body of one kind/],
    ['it throws', { onHostRequest: () => Promise.reject(new TypeError('disk on fire')) }, /^disk on fire$/],
  ])('gets an Error of the three fields that it knows when %s', async (_, config, message) => {
    await using host = await hosted(config).started()
    // The guest panics on any other field.
    expect(await query(host, 'ask', { body })).toEqual({
      askedId: 2n ** 63n + 1n,
      body: {
        Error: { module: expect.any(String), code: expect.any(Number), message: expect.stringMatching(message) },
      },
    })
    expect(host.types).toEqual(['started'])
  })

  it('is given up when the runtime is gone: the signal of onHostRequest fires', async () => {
    const signals = new Noted<AbortSignal>()
    const onHostRequest = (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      signals.add(signal)
      return new Promise(() => {})
    }
    await using host = await hosted({ onHostRequest }).started()
    const lost = rejectionOf(query(host, 'ask', { body }))
    const asked = await signals.first(() => true)
    expect(asked.aborted).toBe(false)
    process.kill((await query(host, 'pid')) as number, 'SIGKILL')
    expect(await lost).toMatchObject({ code: LOST, cause: { signal: 'SIGKILL' } })
    expect(asked.aborted).toBe(true)
  })
})

describe('A runtime of Oasis Core that cannot be asked', () => {
  // Were the answer not taken for a no, these would be waited for.
  const patient = { abortTimeout: 60_000, shutdownTimeout: 60_000, killTimeout: 60_000 }

  it('to interrupt its work is restarted at once', async () => {
    await using host = await hosted({}, patient).started()
    const pid = (await query(host, 'pid')) as number
    const hanging = rejectionOf(query(host, 'hang'))
    await host.runtime.abort()
    expect(await hanging).toMatchObject({ code: LOST, message: expect.stringMatching(/was restarted/) })
    expect(host.types).toEqual(['started', 'stopped', 'started'])
    expect(isAlive(pid)).toBe(false)
    expect(await query(host, 'echo', { args: 1 })).toBe(1)
  })

  it('to stop is sent SIGTERM at once', async () => {
    const host = await hosted({}, patient).started()
    const pid = (await query(host, 'pid')) as number
    await host.runtime.stop()
    expect(isAlive(pid)).toBe(false)
    expect(host.types).toEqual(['started', 'stopped'])
    expect(host.logs.map(({ message }) => message)).toContain('SIGTERM')
  })

  it('has room again for each call that was given up, though it never answers it', async () => {
    await using host = await hosted({}, { maxInFlight: 3 }).started()
    const controller = new AbortController()
    const undecodable = { RuntimeQueryRequest: { method: 'hang' } }
    const calls = Array.from({ length: 3 }, () => (host.runtime as Runtime).call(undecodable, controller))
    const [waiting, alsoWaiting] = [query(host, 'echo', { args: 1 }), query(host, 'echo', { args: 2 })]
    controller.abort(new Error('given up'))
    for (const call of calls) expect(await rejectionOf(call)).toBe(controller.signal.reason)
    expect(await Promise.all([waiting, alsoWaiting])).toEqual([1, 2])
    expect(host.types).toEqual(['started'])
  })

  it('has room again for each call that took longer than callTimeout', async () => {
    const clock = new SimulatedClock()
    await using host = await hosted({}, { maxInFlight: 3, callTimeout: 1_000, clock }).started()
    const calls = Array.from({ length: 3 }, () => query(host, 'hang'))
    clock.increment(1_000)
    for (const call of calls) expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_CALL_TIMEOUT' })
    expect(await query(host, 'echo', { args: 1 })).toBe(1)
  })

  it('may answer late what was given up: the answer is dropped, and no other call gets it', async () => {
    await using host = await hosted({}, { maxInFlight: 1 }).started()
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController()
      const late = (host.runtime as Runtime).call({ RuntimeQueryRequest: { method: 'echo', args: 'late' } }, controller)
      controller.abort('given up')
      expect(await rejectionOf(late)).toBe('given up')
      expect(await query(host, 'echo', { args: round })).toBe(round)
    }
    expect(host.logs.map(({ message }) => message)).not.toContain('ignored an answer that matches no pending request')
  })

  it('gets no cancel for a call that is given up, for it knows none', async () => {
    await using host = await hosted().started()
    const controller = new AbortController()
    const call = (host.runtime as Runtime).call({ RuntimeQueryRequest: { method: 'hang' } }, controller)
    controller.abort(new Error('given up'))
    expect(await rejectionOf(call)).toBe(controller.signal.reason)
    expect(await query(host, 'echo', { args: 1 })).toBe(1)
    expect(host.types).toEqual(['started'])
  })
})
