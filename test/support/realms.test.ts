import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { inProcess } from 'cutover/hosts'
import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { AnyStateMachine } from 'xstate'
import { asError } from '../../src/contract/errors.js'
import { toPlainData } from '../../src/inspect/messages/plainData.js'
import { isEncodable } from '../../src/protocol/cbor/encodable.js'
import { infoAnswer, parseInfoRequest, parseInfoResponse } from '../../src/protocol/info.js'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { whyNotSendable } from '../../src/protocol/values/notSendable.js'
import { isError, isPlain, isUrl } from '../../src/support/realms.js'
import { SafeObservable } from '../../src/support/safeObservable.js'
import { keyOfState } from '../../src/testing/paths/keyOfState.js'
import { Noted } from '../fixtures/noted.js'

/** A value of another realm. */
const foreign = (code: string): unknown => runInNewContext(`(${code})`)
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

describe('A check holds for values of any realm', () => {
  it.each([
    ['an error', true, new Error('x')],
    ['an error of a class of its own', true, new (class extends TypeError {})('x')],
    ['an error of another realm', true, foreign('new RangeError("x")')],
    ['a DOMException', true, AbortSignal.abort().reason],
    ['a proxy for an error', true, new Proxy(new Error('x'), {})],
    ['an object with the fields of an error', false, { name: 'Error', message: 'x', stack: 'x' }],
    ['a text', false, 'Error: x'],
    ['nothing', false, undefined],
    ['a proxy that was revoked', false, revoked()],
  ])('isError: %s', (_, expected, value) => {
    expect(isError(value)).toBe(expected)
  })

  it.each([
    ['an object', true, { a: 1 }],
    ['an object with a constructor of its own', true, { constructor: 1 }],
    ['an object without a prototype', true, Object.create(null)],
    ['an object of another realm', true, foreign('{ a: 1 }')],
    ['an array', false, []],
    ['an array of another realm', false, foreign('[]')],
    ['an instance', false, new (class {})()],
    ['an instance of another realm', false, foreign('new (class { constructor() { this.constructor = Object } })()')],
    ['a map of another realm', false, foreign('new Map()')],
    ['an error of another realm', false, foreign('new Error()')],
    ['null', false, null],
    ['a function', false, () => 1],
  ])('isPlain: %s', (_, expected, value) => {
    expect(isPlain(value)).toBe(expected)
  })

  it.each([
    ['a URL', true, new URL('file:///a')],
    ['one of a polyfill', true, { href: 'file:///a', protocol: 'file:', searchParams: {} }],
    ['a text', false, 'file:///a'],
    ['an object with a link', false, { href: 'file:///a' }],
    ['null', false, null],
  ])('isUrl: %s', (_, expected, value) => {
    expect(isUrl(value)).toBe(expected)
  })
})

describe('What comes from another realm', () => {
  const nested = (depth: number, value: unknown): unknown => (depth === 0 ? value : { in: [nested(depth - 1, value)] })
  const across = (payload: unknown): unknown => {
    const writer = new MessageWriter()
    writer.add(1, 2, 'Answer', payload)
    const bytes = writer.take()
    return new MessageReader().read(bytes, 4, bytes.length).payload
  }

  it.each([
    ['bytes', 'new Uint8Array([7, 8])', new Uint8Array([7, 8])],
    ['an object', '{ a: { b: [1] } }', { a: { b: [1] } }],
    ['an object with bytes', '{ a: new Uint8Array([7]) }', { a: new Uint8Array([7]) }],
    ['an object whose keys are no ASCII', '{ ü: new Uint8Array([7]) }', { ü: new Uint8Array([7]) }],
    ['a map', 'new Map([[1, new Uint8Array([7])]])', new Map([[1, new Uint8Array([7])]])],
    ['an instance', 'new (class { bytes = new Uint8Array([7]) })()', { bytes: new Uint8Array([7]) }],
    ['a set', 'new Set([7])', new Set([7])],
    ['a date', 'new Date(7)', new Date(7)],
    ['an error', 'new RangeError("y")', new RangeError('y')],
    ['a buffer', 'new Uint8Array([7]).buffer', new Uint8Array([7]).buffer],
    ['numbers', 'new Float32Array([0.5])', new Float32Array([0.5])],
  ])('is encoded as what it is, near the top and deep down: %s', (_, code, expected) => {
    expect(isEncodable(foreign(code))).toBe(true)
    expect(across(foreign(code))).toEqual(expected)
    expect(across(nested(20, foreign(code)))).toEqual(nested(20, expected))
  })

  it.each([
    ['new WeakMap()', 'x is a WeakMap; send plain data instead'],
    ['Promise.resolve()', 'x is a Promise; send plain data instead'],
    ['(function* () {})()', 'x is a Generator; send plain data instead'],
    ['new (class Money { #cents = 1 })()', 'x is a Money; send plain data instead'],
    ['new SharedArrayBuffer(1)', 'x is a SharedArrayBuffer; send a Uint8Array of its bytes'],
    ['new Map([["k", () => 1]])', 'x.get("k") is a function'],
  ])('is refused by what it is: %s', (code, why) => {
    expect(isEncodable(foreign(code))).toBe(false)
    expect(whyNotSendable(foreign(code), 'x')).toBe(why)
  })

  it('may be the first messages of host and guest', () => {
    const answer = { ...infoAnswer('1.0.0', new Uint8Array(32)), runtime_id: foreign('new Uint8Array(32)') }
    const clone = foreign(`structured => JSON.parse(structured)`) as (json: string) => Record<string, unknown>
    const { runtime_id } = answer
    expect(parseInfoResponse(Object.assign(clone(JSON.stringify(answer)), { runtime_id }))).toMatchObject({
      runtime_version: '1.0.0',
      runtime_id,
    })
    const fields = { consensus_backend: '', consensus_chain_context: '', consensus_protocol_version: { major: 1 } }
    const request = { ...fields, local_config: { rate: 1 } }
    expect(parseInfoRequest(Object.assign(clone(JSON.stringify(request)), { runtime_id }))).toMatchObject(request)
  })

  it('is an error that keeps its message', () => {
    const error = foreign('new RangeError("too far")')
    expect(asError(error)).toBe(error)
  })

  it('is refused as the localConfig when it is a map', () => {
    const localConfig = foreign('new Map()') as Record<string, unknown>
    const config = { id: 'a', version: '1.0.0', localConfig }
    expect(() => inProcess({ module: { call: () => 1 } }).provision(config)).toThrow(/"localConfig"/)
  })

  it('is shown by the inspector as what it is', () => {
    const value = foreign(`({
      error: new RangeError('x'), date: new Date(0), pattern: /x/g, map: new Map([[1, 2]]), set: new Set([1]),
      bytes: new Uint8Array([7]), buffer: new ArrayBuffer(1), promise: Promise.resolve(), weak: new WeakMap(),
    })`)
    expect(toPlainData(value, { depth: 5, items: 20, characters: 100, total: 10_000 })?.plain).toEqual({
      error: { name: 'RangeError', message: 'x' },
      date: '1970-01-01T00:00:00.000Z',
      pattern: '/x/g',
      map: { '[Map 1]': [[1, 2]] },
      set: { '[Set 1]': [1] },
      bytes: '[Uint8Array of 1 bytes: 07]',
      buffer: '[ArrayBuffer of 1 bytes: 00]',
      promise: '[Promise]',
      weak: '[WeakMap]',
    })
  })

  it('tells the states of a machine apart as what it is', () => {
    const keyOf = (code: string) => {
      const state = { value: 'a', status: 'active', historyValue: undefined, context: { it: foreign(code) } }
      return keyOfState({ id: 'm' } as AnyStateMachine, state as never)
    }
    for (const [one, other] of [
      ['new Map([[1, 2]])', 'new Map([[1, 3]])'],
      ['new Set([1])', 'new Set([2])'],
      ["new Error('x')", "new Error('y')"],
      ['/x/', '/y/'],
    ] as const) {
      expect(keyOf(one)).toBe(keyOf(one))
      expect(keyOf(one)).not.toBe(keyOf(other))
    }
    expect(keyOf('{}')).not.toBe(keyOf('{ a: 1 }'))
    expect(() => keyOf('new (class Own {})()')).toThrow(/an instance of Own/)
  })

  it('is a subscriber whose promise rejects: that is reported, and the process goes on', async () => {
    const errors = new Noted<unknown>()
    const events = new Subject<number>()
    const next = foreign("async value => { throw new Error('no ' + value) }") as (value: number) => void
    new SafeObservable(events, error => errors.add(error)).subscribe(next)
    events.next(7)
    await errors.count(1)
    expect(String(errors.all[0])).toBe('Error: no 7')
  })
})

/** Where a value's class may be asked for: in the first branch of a check that goes on, or where only speed depends on it. */
const ALLOWED: Readonly<Record<string, string>> = {
  'src/support/realms.ts': 'The checks themselves: own realm first.',
  'src/calls/callOptions.ts': 'A call with another signal takes the longer way, which tells it by its fields.',
  'src/calls/callsInFlight.ts': 'Another promise is wrapped, which takes longer.',
  'src/fleet/remote/channel.ts': 'A full stack throws an error of this realm.',
  'src/http/answer.ts': 'The body is one that the host has made, in this realm.',
  'src/http/listener.ts': 'The body is one that the host has made, in this realm.',
  'src/http/upload.ts': 'The body is one that this library has read.',
  'src/module/fetchModule.ts': 'The body is one that this library has read.',
  'src/serve/fleet/follow.ts': 'A program of its own has one realm.',
  'src/serve/run.ts': 'A program of its own has one realm.',
  'src/serve/service/verify.ts': 'A program of its own has one realm.',
  'src/contract/validate.ts': 'Another signal is told by its fields.',
  'src/module/moduleCalls.ts': 'Another promise is told by its `then`.',
  'src/protocol/cbor/valueWriter.ts': 'Another object goes through the library, which takes longer.',
  'src/protocol/transports/survey.ts': 'Another object is visited as what it is, which takes longer.',
  'src/protocol/transports/socketTransport.ts': 'A full stack throws an error of this realm.',
  'src/protocol/transports/batchedValues.ts': 'Another object is posted by itself, which takes longer.',
}

describe('The source', () => {
  const asksForClass = (line: string) =>
    [...line.matchAll(/\binstanceof (\w+)/g)].some(([, name]) => name !== undefined && name in globalThis) ||
    /\.constructor === |=== [\w.]+\.constructor\b|=== (Object|Array|Map|Error)\.prototype/.test(line)

  it('asks for the class of no value that may be of another realm, because that says no to it', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).map(file => join('src', file))
    // The page runs in a browser, in one realm.
    const scanned = files.filter(file => /\.tsx?$/.test(file) && !file.startsWith('src/inspect/page/'))
    const found = scanned.filter(file => readFileSync(file, 'utf8').split('\n').some(asksForClass))
    expect(found.filter(file => ALLOWED[file] === undefined)).toEqual([])
  })

  it.each([
    'if (thrown instanceof Error) return',
    'value instanceof Map || value instanceof Own',
    'value.constructor === Object',
    'Object.getPrototypeOf(value) === Object.prototype',
  ])('is searched for: %s', line => {
    expect(asksForClass(line)).toBe(true)
  })

  it.each(['socket instanceof Socket', 'types.isMap(value)', 'constructor() {'])('is not searched for: %s', line => {
    expect(asksForClass(line)).toBe(false)
  })
})
