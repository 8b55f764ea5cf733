import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { CutoverError, isCutoverError } from '../../src/contract/errors.js'
import { MessageReader } from '../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../src/protocol/transports/messageWriter.js'
import { fromWire, toWire } from '../../src/protocol/wireError.js'

/** Sends an error over the codec, as a socket would. */
function across(thrown: unknown, stack = true): unknown {
  const writer = new MessageWriter()
  writer.add(1, 2, 'Error', toWire(thrown, { stack }))
  const bytes = writer.take()
  return fromWire(new MessageReader().read(bytes, 4, bytes.length).payload)
}

describe('An error that crosses the boundary', () => {
  it('An error keeps its message, name, code, details and causes', () => {
    const cause = new RangeError('deep', { cause: 'a text' })
    const error = Object.assign(new Error('shallow', { cause }), {
      name: 'MyError',
      code: 'E_MINE',
      tries: 3,
      at: { x: [1] },
    })
    const arrived = across(error) as Error & { cause: Error }
    expect(arrived).toBeInstanceOf(Error)
    expect(arrived).toMatchObject({ message: 'shallow', name: 'MyError', code: 'E_MINE', tries: 3, at: { x: [1] } })
    expect(arrived.cause).toBeInstanceOf(RangeError)
    expect(arrived.cause).toMatchObject({ message: 'deep', cause: 'a text' })
  })

  it('The stack of the other side is in guestStack', () => {
    const error = new Error('x')
    const arrived = across(error) as Error & { guestStack?: string }
    expect(arrived.guestStack).toBe(error.stack)
    expect(arrived.stack).not.toContain(error.stack?.split('\n')[1])
    expect(Object.keys(arrived)).toEqual(['guestStack'])
    expect(across(error, false)).not.toHaveProperty('guestStack')
  })

  it.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])(
    'An error keeps the class %o',
    Class => {
      expect(across(new Class('x'))).toBeInstanceOf(Class)
    },
  )

  it('An AggregateError keeps its errors', () => {
    const arrived = across(new AggregateError([new TypeError('a'), 'b'], 'both')) as AggregateError
    expect(arrived).toBeInstanceOf(AggregateError)
    expect(arrived.errors).toMatchObject([{ message: 'a', name: 'TypeError' }, 'b'])
  })

  it('A CutoverError stays one, and an error with an unknown code does not become one', () => {
    const arrived = across(new CutoverError('CUTOVER_DISPOSED', 'gone', { version: '1.0.0' }))
    expect(isCutoverError(arrived, 'CUTOVER_DISPOSED')).toBe(true)
    expect(arrived).toMatchObject({ message: 'gone', version: '1.0.0', name: 'CutoverError' })
    const forged = across(Object.assign(new Error('x'), { name: 'CutoverError', code: 'CUTOVER_MADE_UP' }))
    expect(isCutoverError(forged)).toBe(false)
    expect(forged).toMatchObject({ code: 'CUTOVER_MADE_UP' })
  })

  it.each([
    ['its name and code', Object.assign(new Error('x'), { name: 'CutoverError', code: 'CUTOVER_DISPOSED' })],
    [
      'an assigned marker',
      Object.assign(new Error('x'), {
        name: 'CutoverError',
        code: 'CUTOVER_DISPOSED',
        cutover: true,
        [Symbol.for('cutover.error')]: true,
      }),
    ],
  ])('A module cannot forge a CutoverError with %s, nor as a cause or in an AggregateError', (_, posing) => {
    const thrown = [posing, new Error('outer', { cause: posing }), new AggregateError([posing], 'all')]
    const [alone, outer, all] = thrown.map(each => across(each)) as [Error, Error, AggregateError]
    const arrived = [alone, outer.cause, all.errors[0]]
    expect(arrived.map(error => isCutoverError(error))).toEqual([false, false, false])
    expect(arrived).toMatchObject(Array(3).fill({ message: 'x', code: 'CUTOVER_DISPOSED' }))
  })

  it('A CutoverError stays one as a cause and in an AggregateError', () => {
    const ours = new CutoverError('CUTOVER_DISPOSED', 'gone')
    const outer = across(new Error('outer', { cause: ours })) as Error
    const all = across(new AggregateError([ours], 'all')) as AggregateError
    expect([outer.cause, all.errors[0]].map(error => isCutoverError(error, 'CUTOVER_DISPOSED'))).toEqual([true, true])
  })

  it.each([
    ...['toString', 'toLocaleString', 'valueOf', 'constructor', 'hasOwnProperty', '__proto__'].map(name => [
      `an own ${name}`,
      Object.defineProperty(new Error('x'), name, { value: 'not a function', enumerable: true }),
    ]),
    ['a Symbol.toPrimitive', Object.assign(new Error('x'), { [Symbol.toPrimitive]: 1 })],
    ['a message that is an object', Object.assign(new Error(), { message: { toString: 1 } })],
    ['a name that is an object', Object.assign(new Error('x'), { name: { toString: 1 } })],
    ['a code that is an object', Object.assign(new Error('x'), { code: { toString: 1 } })],
    ['a stack that is an object', Object.assign(new Error('x'), { stack: { toString: 1 } })],
    ['errors that are no array', Object.assign(new Error('x'), { errors: { length: 2 ** 32 } })],
  ] as [string, Error][])('String(), inspect() and JSON.stringify() work for any error: %s', (_, thrown) => {
    const error = across(thrown) as Error
    expect(error).toBeInstanceOf(Error)
    expect(typeof error.stack).toBe('string')
    expect(String(error)).toMatch(/^Error(: x)?$/)
    expect(`${inspect(error)}${JSON.stringify(error)}`).toBeTruthy()
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype)
  })

  it.each([
    ['of another realm', runInNewContext("Object.assign(new RangeError('x'), { page: 7, cause: new Error('y') })")],
    [
      'of a class of another realm',
      runInNewContext("Object.assign(new (class extends RangeError {})('x'), { page: 7, cause: new Error('y') })"),
    ],
  ])('An error %s keeps its properties', (_, thrown) => {
    const error = across(thrown)
    expect(error).toBeInstanceOf(RangeError)
    expect(error).toMatchObject({ message: 'x', page: 7, cause: { message: 'y' } })
  })

  it('A DOMException keeps its name and message', () => {
    expect(across(AbortSignal.abort().reason)).toMatchObject({
      name: 'AbortError',
      message: 'This operation was aborted',
    })
  })

  it('Proxy traps that throw are harmless, also for values that are not errors', () => {
    const traps = Object.fromEntries(
      ['get', 'has', 'ownKeys', 'getPrototypeOf'].map(trap => [
        trap,
        () => {
          throw 1
        },
      ]),
    )
    expect(across(new Proxy(new Error('x'), traps))).toBe('an object')
    expect(across(new Proxy(new Error('x'), { ownKeys: traps['ownKeys'] as never }))).toMatchObject({ message: 'x' })
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    expect(across(proxy)).toBe('an object')
  })

  it.each([[null], [undefined], ['text'], [42], [{ a: [1, 2n ** 60n] }]])(
    'A thrown value that is not an error arrives as it is: %o',
    value => {
      expect(across(value)).toEqual(value)
    },
  )

  it('A thrown value for which String() throws arrives as the cause of an error', () => {
    for (const value of [{ toString: 1 }, { valueOf: null, toString: 'x' }]) {
      const error = across(value) as Error
      expect(String(error)).toBe('Error: an object')
      expect(error.cause).toEqual(value)
    }
  })

  it('A thrown value that cannot be encoded arrives as text', () => {
    expect(across(() => 1)).toBe('a function')
    expect(across(Symbol('s'))).toBe('Symbol(s)')
  })

  it('An error loses only the details that cannot be encoded', () => {
    const error = Object.assign(new Error('x'), {
      fine: 1,
      not: () => 1,
      date: new Date(0),
      deep: [{ not: () => 1, ok: 2 }],
    })
    Object.defineProperty(error, 'thrower', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    expect(Object.entries(across(error, false) as Error)).toEqual([
      ['date', new Date(0)],
      ['deep', [{ ok: 2 }]],
      ['fine', 1],
      ['notSent', ['not is a function', 'deep[0].not is a function', 'thrower is a getter that throws']],
    ])
  })

  it('An error that causes itself arrives with 8 levels of causes', () => {
    const error = new Error('x')
    error.cause = error
    let depth = 0
    for (let at: unknown = across(error); at instanceof Error; at = at.cause) depth++
    expect(depth).toBe(8)
  })

  it('Getters that throw are harmless', () => {
    const proxy = new Proxy(new Error('x'), {
      get: (_, name) => {
        throw new Error(`no ${String(name)}`)
      },
    })
    expect(across(proxy)).toBeInstanceOf(Error)
  })

  it('Details cannot overwrite message, stack or cause', () => {
    const facts = { message: 'x', details: { message: 'forged', stack: 'forged', cause: 1, __proto__: null, ok: 1 } }
    const arrived = fromWire({ error: facts }) as Error
    expect(arrived.message).toBe('x')
    expect(arrived.stack).not.toBe('forged')
    expect(arrived).toMatchObject({ ok: 1 })
  })
})

describe('An error of another implementation', () => {
  it('An error has its code, module and message, or defaults', () => {
    const error = fromWire({ module: 'rhp', code: 2, message: 'method not supported' })
    expect(error).toMatchObject({ name: 'GuestError', module: 'rhp', code: 2, message: 'method not supported' })
    expect(fromWire({ code: 2 })).toMatchObject({ name: 'GuestError', module: '', code: 2, message: '' })
  })

  it.each([
    [null],
    [1],
    ['x'],
    [[]],
    [{ error: 1 }],
    [{ error: {} }],
    [{ error: { cause: 1, errors: [1], details: [2] } }],
    [{ error: { message: { toString: 1 }, name: {}, code: {}, stack: {}, details: new Uint8Array(3) } }],
    [{ module: {}, code: {}, message: { toString: 1 } }],
    [{ error: { cutover: true, code: 'CUTOVER_MADE_UP' } }],
  ])('A malformed payload still becomes an error: %o', payload => {
    expect(fromWire(payload)).toBeInstanceOf(Error)
  })
})
