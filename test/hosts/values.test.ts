import { readFileSync } from 'node:fs'
import { inspect, isDeepStrictEqual, types } from 'node:util'
import type { Runtime } from 'cutover'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { rejectionOf } from '../fixtures/hosting.js'
import { guestFile } from '../fixtures/remoteHost.js'

const { values } = (await import(guestFile('values').href)) as { values: Readonly<Record<string, () => unknown>> }

/** Arrives as something else. */
class Changed {
  readonly how: string
  readonly value: unknown

  constructor(how: string, value: unknown) {
    this.how = how
    this.value = value
  }
}
/** Rejects with the path and the type. */
class Refused {
  readonly what: string

  constructor(what: string) {
    this.what = what
  }
}

type Outcome = 'arrives' | Changed | Refused
const as = (how: string, value: unknown) => new Changed(how, value)
const refused = (what: string) => new Refused(what)
const body = (type: string) => refused(`.body is ${type}; send plain data instead`)

/** The result for each value in a thread, in a process, and in a runtime of Oasis Core. */
const TABLE: readonly (readonly [name: string, key: string, thread: Outcome, process: Outcome, raw: Outcome])[] = [
  ['`null`', 'null', 'arrives', 'arrives', 'arrives'],
  ['`undefined`', 'undefined', 'arrives', 'arrives', 'arrives'],
  ['booleans', 'boolean', 'arrives', 'arrives', 'arrives'],
  ['numbers', 'number', 'arrives', 'arrives', 'arrives'],
  ['`-0`', 'negativeZero', 'arrives', 'arrives', 'arrives'],
  ['`NaN`, `Infinity`', 'notFinite', 'arrives', 'arrives', 'arrives'],
  ['bigints below 2^53', 'smallBigint', 'arrives', 'arrives', as('arrives as a number', [0, 5, -1])],
  ['bigints of up to 64 bits', 'bigint64', 'arrives', 'arrives', 'arrives'],
  ['larger bigints', 'hugeBigint', 'arrives', 'arrives', refused('[0] is a bigint of more than 64 bits')],
  ['strings', 'text', 'arrives', 'arrives', 'arrives'],
  [
    'strings with a lone surrogate',
    'loneSurrogate',
    'arrives',
    refused('.text is a string with a lone surrogate'),
    refused('.text is a string with a lone surrogate'),
  ],
  ['`Date`, also an invalid one', 'date', 'arrives', 'arrives', refused('[0] is a Date; send plain data instead')],
  ['`RegExp` of up to 65,536 characters', 'regexp', 'arrives', 'arrives', refused('[0] is a RegExp; send plain data')],
  ['`URL`', 'url', 'arrives', 'arrives', refused('.url is a URL; send plain data instead')],
  ['arrays', 'array', 'arrives', 'arrives', 'arrives'],
  ['holes in an array', 'hole', 'arrives', refused('.list[1] is a hole'), refused('.list[1] is a hole')],
  ['plain objects', 'object', 'arrives', 'arrives', 'arrives'],
  [
    'objects without a prototype',
    'nullPrototype',
    as('arrives with one', { a: 1 }),
    as('arrives with one', { a: 1 }),
    as('arrives with one', { a: 1 }),
  ],
  ['`Map` with strings as keys', 'map', 'arrives', 'arrives', as('arrives as an object', { a: { b: 1 } })],
  ['an empty `Map`', 'emptyMap', 'arrives', 'arrives', as('arrives as an object', {})],
  ['`Map` with numbers, booleans or `null` as keys', 'numberKeys', 'arrives', 'arrives', 'arrives'],
  ['`Map` with bytes, arrays, objects or maps as keys', 'objectKeys', 'arrives', 'arrives', 'arrives'],
  ['`Set`', 'set', 'arrives', 'arrives', refused(' is a Set; send plain data instead')],
  ['`Uint8Array`, `Buffer`', 'bytes', 'arrives', 'arrives', 'arrives'],
  ['other typed arrays', 'typedArrays', 'arrives', 'arrives', refused('[0] is an Int8Array; send a Uint8Array')],
  ['`DataView`', 'dataView', 'arrives', 'arrives', refused(' is a DataView; send a Uint8Array of its bytes')],
  ['`ArrayBuffer`', 'arrayBuffer', 'arrives', 'arrives', refused(' is an ArrayBuffer; send a Uint8Array')],
  [
    '`SharedArrayBuffer`',
    'sharedArrayBuffer',
    'arrives',
    refused(' is a SharedArrayBuffer; send a Uint8Array'),
    refused(' is a SharedArrayBuffer; send a Uint8Array'),
  ],
  ['errors, with class, cause, code, properties and stack', 'error', 'arrives', 'arrives', refused(' is an Error')],
  ['`AggregateError`', 'aggregateError', 'arrives', 'arrives', refused('.failed is an Error')],
  ['`DOMException`', 'domException', 'arrives', 'arrives', refused('[0] is a DOMException')],
  [
    'errors with properties that cannot travel',
    'errorWithFunction',
    as('arrives without these, with `notSent`', { config: { retries: 3 }, notSent: ['config.adapter is a function'] }),
    as('arrives without these, with `notSent`', { config: { retries: 3 }, notSent: ['config.adapter is a function'] }),
    refused(' is an Error'),
  ],
  [
    'an instance of your class',
    'instance',
    as('arrives as its fields', { cents: 5 }),
    as('arrives as its fields', { cents: 5 }),
    as('arrives as its fields', { cents: 5 }),
  ],
  [
    'an instance without enumerable fields',
    'emptyInstance',
    refused('.price is a Secret; send plain data instead'),
    refused('.price is a Secret; send plain data instead'),
    refused('.price is a Secret; send plain data instead'),
  ],
  ['`new Number()` and the like', 'boxed', 'arrives', refused('[0] is a Number'), refused('[0] is a Number')],
  [
    'getters',
    'getter',
    as('arrives as their value', { a: 1 }),
    as('arrives as their value', { a: 1 }),
    as('arrives as their value', { a: 1 }),
  ],
  [
    'properties with a symbol as key',
    'symbolKey',
    as('left out', { a: 1 }),
    as('left out', { a: 1 }),
    as('left out', { a: 1 }),
  ],
  [
    'one object at two places',
    'shared',
    'arrives',
    as('arrives as two objects', [{ a: 1 }, { a: 1 }]),
    as('arrives as two objects', [{ a: 1 }, { a: 1 }]),
  ],
  [
    'an object that contains itself',
    'cycle',
    'arrives',
    refused('.loop.self contains itself'),
    refused('.loop.self contains itself'),
  ],
  [
    'functions',
    'function',
    refused('.run is a function'),
    refused('.run is a function'),
    refused('.run is a function'),
  ],
  ['symbols', 'symbol', refused('.id is a symbol'), refused('.id is a symbol'), refused('.id is a symbol')],
  [
    'proxies',
    'proxy',
    refused('.body is a proxy; send a copy'),
    as('arrives as a copy', { body: { a: 1 } }),
    as('arrives as a copy', { body: { a: 1 } }),
  ],
  ...(
    [
      ['promises', 'promise', 'a Promise'],
      ['`WeakMap`, `WeakSet`', 'weakMap', 'a WeakMap'],
      ['`WeakRef`', 'weakRef', 'a WeakRef'],
      ['generators', 'generator', 'a Generator'],
      ['iterators of arrays', 'iterator', 'an Array Iterator'],
      ['iterators of maps and sets', 'mapIterator', 'a Map Iterator'],
      ['`Response`', 'response', 'a Response'],
      ['`Request`', 'request', 'a Request'],
      ['`Headers`', 'headers', 'a Headers'],
      ['`URLSearchParams`', 'searchParams', 'a URLSearchParams'],
      ['`FormData`', 'formData', 'a FormData'],
      ['`AbortSignal`', 'abortSignal', 'an AbortSignal'],
      ['`EventTarget`', 'eventTarget', 'an EventTarget'],
    ] as const
  ).map(([name, key, type]) => [name, key, body(type), body(type), body(type)] as const),
  ['`Blob`', 'blob', 'arrives', body('a Blob'), body('a Blob')],
]

/** The parts of a value that `isDeepStrictEqual` compares by identity, or does not compare. */
function comparable(value: unknown): unknown {
  if (value instanceof Error || value instanceof DOMException) return factsOf(value)
  if (value instanceof Date) return { time: value.getTime() }
  if (value instanceof URL || value instanceof Blob) return inspect(value)
  if (Array.isArray(value) && !value.some(item => item === value)) return value.map(comparable)
  if (
    !types.isProxy(value) &&
    Object.getPrototypeOf(Object(value)) === Object.prototype &&
    !('loop' in Object(value))
  ) {
    return Object.fromEntries(Object.entries(Object(value)).map(([key, item]) => [key, comparable(item)]))
  }
  return value
}

/** The stack is that of the side that made the error: it names the file of the module. */
function factsOf(error: Error): object {
  const { name, message, cause, stack } = error
  const errors = comparable((error as AggregateError).errors)
  const isFromModule = stack?.includes('values.mjs')
  const className = Object.getPrototypeOf(error).constructor.name
  return { className, name, message, cause: comparable(cause), errors, isFromModule, fields: { ...error } }
}

function expectOutcome(arrived: unknown, key: string, outcome: 'arrives' | Changed): void {
  if (outcome === 'arrives') {
    const [got, expected] = [arrived, values[key]?.()].map(comparable)
    if (!isDeepStrictEqual(got, expected)) expect(got).toStrictEqual(expected)
    if (!isDeepStrictEqual(got, expected)) expect.fail(`${inspect(got)} is not ${inspect(expected)}`)
  } else if (arrived instanceof Error) expect({ ...arrived }).toEqual(outcome.value)
  else expect(arrived).toStrictEqual(outcome.value)
}

function cell(outcome: Outcome): string {
  if (outcome === 'arrives') return 'arrives'
  return outcome instanceof Refused ? 'refused' : outcome.how
}

describe.each<[string, (options: { module: URL }) => Provisioner, 2 | 3]>([
  ['a thread', workerThread, 2],
  ['a process', childProcess, 3],
])('Values in %s', (_, make, column) => {
  let runtime: Runtime<object, unknown>
  beforeAll(async () => {
    runtime = make({ module: guestFile('values') }).provision<object, unknown>({ id: 'values', version: '1.2.3' })
    runtime.start()
  })
  afterAll(() => runtime.stop())

  it.each(TABLE.map(row => [row[0], row[1], row[column]] as const))('%s', async (_, key, outcome) => {
    const value = values[key]?.()
    if (!(outcome instanceof Refused)) {
      expectOutcome(await runtime.call({ value }), key, outcome)
      expectOutcome(await runtime.call({ make: key }), key, outcome)
      return
    }
    const asked = await rejectionOf(runtime.call({ value }))
    expect(asked).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST', version: '1.2.3' })
    expect(String(asked)).toContain(`The request to version 1.2.3 cannot be sent: request.value${outcome.what}`)
    const answered = await rejectionOf(runtime.call({ make: key }))
    expect(answered).toMatchObject({ code: 'CUTOVER_INVALID_ANSWER', version: '1.2.3' })
    expect(String(answered)).toContain(`The answer of version 1.2.3 cannot be sent: answer${outcome.what}`)
  })
})

describe('Values', () => {
  it.each(TABLE.map(row => [row[0], row[1]] as const))('are the same object in this process: %s', async (_, key) => {
    const runtime = inProcess({ module: { call: (request: unknown) => request } }).provision({
      id: 'a',
      version: '1.0.0',
    })
    runtime.start()
    const value = values[key]?.()
    expect(Object.is(await runtime.call(value), value)).toBe(true)
    await runtime.stop()
  })

  it.each(TABLE.map(row => [row[0], row[1], row[4]] as const))('for a runtime of Oasis Core: %s', (_, key, outcome) => {
    const writer = new MessageWriter(undefined, undefined, false)
    const send = () => writer.add(1, 1, 'RuntimeQueryRequest', values[key]?.())
    if (outcome instanceof Refused) expect(send).toThrow(`request.RuntimeQueryRequest${outcome.what}`)
    else {
      send()
      const bytes = writer.take()
      expectOutcome(new MessageReader(undefined, false).read(bytes, 4, bytes.length).payload, key, outcome)
    }
  })

  it('have a table in docs/values.md', () => {
    const rows = TABLE.map(([name, , ...outcomes]) => `| ${name} | ${outcomes.map(cell).join(' | ')} |`)
    const table = ["| value | thread | process | `protocol: 'raw'` |", '|---|---|---|---|', ...rows].join('\n')
    expect(readFileSync('docs/values.md', 'utf8')).toContain(table)
  })
})
