import { readFileSync } from 'node:fs'
import type { Runtime } from 'cutover'
import { childProcess } from 'cutover/hosts'
import { afterEach, describe, expect, it } from 'vitest'
import { GuestProcess, guestPy } from '../../fixtures/compliance/guestProcess.js'
import { noPython, PYTHON } from '../../fixtures/installed.js'

const guests: GuestProcess[] = []

async function start(localConfig = {}, onRequest?: (request: unknown) => unknown): Promise<GuestProcess> {
  const guest = await GuestProcess.spawn(onRequest)
  guests.push(guest)
  await guest.initialize(localConfig)
  return guest
}

function compliancePython(): Runtime<object, unknown> & AsyncDisposable {
  const runtime = childProcess({ command: PYTHON, args: [guestPy] }).provision<object, unknown>({
    id: 'a',
    version: '1.2.3',
  })
  return Object.assign(runtime, { [Symbol.asyncDispose]: async () => runtime.stop() })
}

const call = (guest: GuestProcess, request: object) => guest.request('RuntimeCallRequest', request)

afterEach(async () => {
  for (const guest of guests.splice(0)) {
    guest.kill()
    await guest.exit()
  }
})

describe.skipIf(noPython !== undefined)(`The Python guest, over its socket ${noPython ?? ''}`, () => {
  it('It answers the handshake with its protocol, the given version and its features', async () => {
    const guest = await GuestProcess.spawn()
    guests.push(guest)
    expect(await guest.initialize()).toEqual({
      RuntimeInfoResponse: {
        protocol_version: { major: 5, minor: 1 },
        runtime_version: '1.2.3',
        features: { cutover_role: true },
      },
    })
  })

  it('It answers a failed start with an Error body', async () => {
    const guest = await GuestProcess.spawn()
    guests.push(guest)
    expect(await guest.initialize({ failWhile: guestPy })).toMatchObject({ Error: { message: 'told not to start' } })
  })

  it('It answers pings while calls are in flight, and refuses unknown requests', async () => {
    const guest = await start()
    void call(guest, { op: 'hang' })
    expect(await guest.request('RuntimePingRequest', {})).toEqual({ Empty: {} })
    expect(await guest.request('RuntimeConsensusSyncRequest', { height: 1 })).toEqual({
      Error: { module: 'rhp', code: 1, message: 'method not supported' },
    })
  })

  it('A cancel request reaches only its own call, even if it follows the call at once', async () => {
    const guest = await start()
    const other = guest.ask('RuntimeCallRequest', { op: 'wait' })
    const { id, answer } = guest.ask('RuntimeCallRequest', { op: 'wait' })
    expect(await guest.request('RuntimeCancelRequest', { id })).toEqual({ Empty: {} })
    expect(await answer).toEqual({ RuntimeCallResponse: 'interrupted' })
    expect(await call(guest, { op: 'seen' })).toEqual({
      RuntimeCallResponse: { waiting: 1, interrupted: 1, aborts: 0 },
    })
    expect(await guest.request('RuntimeAbortRequest', {})).toEqual({ RuntimeAbortResponse: {} })
    expect(await other.answer).toEqual({ RuntimeCallResponse: 'interrupted' })
    expect(await guest.request('RuntimeCancelRequest', { id: 4_711 })).toEqual({ Empty: {} })
  })

  it('It answers "seen" as soon as the counts are reached', async () => {
    const guest = await start()
    const seen = call(guest, { op: 'seen', when: { waiting: 2, aborts: 1 } })
    void call(guest, { op: 'hang' })
    void guest.request('RuntimeAbortRequest', {})
    expect(await call(guest, { op: 'seen', when: { waiting: 1 } })).toEqual({
      RuntimeCallResponse: { waiting: 1, interrupted: 0, aborts: 1 },
    })
    void call(guest, { op: 'wait' })
    expect(await seen).toEqual({ RuntimeCallResponse: { waiting: 2, interrupted: 0, aborts: 1 } })
  })

  it('It hears its role before the call behind it', async () => {
    const guest = await start()
    const told = guest.request('RuntimeRoleRequest', { role: 'next' })
    expect(await call(guest, { op: 'roles' })).toEqual({ RuntimeCallResponse: ['next'] })
    expect(await told).toEqual({ Empty: {} })
  })

  it('It sends requests to its host, and passes on the answers and errors', async () => {
    const guest = await start({}, request => {
      if (request === 'fail') throw new Error('the host says no')
      return { youAsked: request }
    })
    expect(await call(guest, { op: 'ask', request: [1, 'a'] })).toEqual({
      RuntimeCallResponse: { youAsked: [1, 'a'] },
    })
    expect(await call(guest, { op: 'ask', request: 'fail' })).toMatchObject({ Error: { message: 'the host says no' } })
  })

  it('It reads and returns dates, sets, large integers, and what else has a tag', async () => {
    await using host = compliancePython()
    host.start()
    const values = [
      new Date(1_700_000_000_123),
      new Set([1, 'a']),
      2n ** 100n,
      5n,
      new Map([['a', 1]]),
      new Map([[Uint8Array.of(1), 2]]),
      new URL('https://example.org/'),
      Float32Array.of(0.5),
      /a/g,
      -0,
    ]
    const value = await host.call({ op: 'echo', value: values })
    // Python has no small integers of another type.
    expect(value).toEqual(values.map(item => (item === 5n ? 5 : item)))
  })

  it('It answers a shutdown request, then exits with code 0', async () => {
    const guest = await start()
    void call(guest, { op: 'hang' })
    expect(await guest.request('RuntimeShutdownRequest', {})).toEqual({ Empty: {} })
    expect(await guest.exit()).toEqual({ code: 0, signal: null })
  })

  it('It exits when the connection closes, even during its start', async () => {
    const idle = await start()
    const starting = await GuestProcess.spawn()
    guests.push(starting)
    void starting.initialize({ startDelay: 60_000 })
    for (const guest of [idle, starting]) {
      guest.disconnect()
      expect(await guest.exit()).toEqual({ code: 0, signal: null })
    }
  })

  it('It crashes on request', async () => {
    const [exits, killed] = [await start(), await start()]
    void call(exits, { op: 'crash' })
    void call(killed, { op: 'crash', signal: 'SIGKILL' })
    expect(await exits.exit()).toEqual({ code: 70, signal: null })
    expect(await killed.exit()).toEqual({ code: null, signal: 'SIGKILL' })
  })
})

it('The Python guest is short, and needs only the standard library and cbor2', () => {
  const source = readFileSync(guestPy, 'utf8')
  const imports = [...source.matchAll(/^\s*(?:import|from) (\w+)/gm)].map(match => match[1])
  expect(imports).toEqual(['asyncio', 'os', 'signal', 'struct', 'cbor2'])
  expect(source.split('\n').length).toBeLessThan(170)
})
