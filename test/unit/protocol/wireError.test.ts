import { describe, expect, it } from 'vitest'
import { CutoverError, isCutoverError } from '../../../src/errors.js'
import { MessageReader } from '../../../src/protocol/messageReader.js'
import { MessageWriter } from '../../../src/protocol/messageWriter.js'
import { fromWire, toWire } from '../../../src/protocol/wireError.js'

/** What arrives on the other side of a socket. */
function across(thrown: unknown, stack = true): unknown {
  const writer = new MessageWriter()
  writer.add(1, 2, 'Error', toWire(thrown, { stack }))
  const bytes = writer.take()
  return fromWire(new MessageReader().read(bytes, 4, bytes.length).payload)
}

describe('an error that crosses the boundary', () => {
  it('keeps its message, name, code, details and causes', () => {
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

  it('keeps the stack of its own side apart', () => {
    const error = new Error('x')
    const arrived = across(error) as Error & { guestStack?: string }
    expect(arrived.guestStack).toBe(error.stack)
    expect(arrived.stack).not.toContain(error.stack?.split('\n')[1])
    expect(Object.keys(arrived)).toEqual([])
    expect(across(error, false)).not.toHaveProperty('guestStack')
  })

  it.each([TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])('keeps the class %o', Class => {
    expect(across(new Class('x'))).toBeInstanceOf(Class)
  })

  it('keeps what an AggregateError has collected', () => {
    const arrived = across(new AggregateError([new TypeError('a'), 'b'], 'both')) as AggregateError
    expect(arrived).toBeInstanceOf(AggregateError)
    expect(arrived.errors).toMatchObject([{ message: 'a', name: 'TypeError' }, 'b'])
  })

  it('stays a CutoverError with a code of ours, and becomes none with another', () => {
    const arrived = across(new CutoverError('CUTOVER_DISPOSED', 'gone', { version: '1.0.0' }))
    expect(isCutoverError(arrived, 'CUTOVER_DISPOSED')).toBe(true)
    expect(arrived).toMatchObject({ message: 'gone', version: '1.0.0', name: 'CutoverError' })
    const forged = across(Object.assign(new Error('x'), { name: 'CutoverError', code: 'CUTOVER_MADE_UP' }))
    expect(isCutoverError(forged)).toBe(false)
    expect(forged).toMatchObject({ code: 'CUTOVER_MADE_UP' })
  })

  it.each([[null], [undefined], ['text'], [42], [{ a: [1, 2n ** 60n] }]])(
    'that is none arrives as the value itself: %o',
    value => {
      expect(across(value)).toEqual(value)
    },
  )

  it('that is none and cannot be encoded arrives as a text', () => {
    expect(across(() => 1)).toBe('a function')
    expect(across(Symbol('s'))).toBe('Symbol(s)')
  })

  it('loses the details that cannot be encoded, and no more', () => {
    const error = Object.assign(new Error('x'), { fine: 1, not: () => 1, date: new Date(0) })
    Object.defineProperty(error, 'thrower', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    expect(Object.entries(across(error) as Error)).toEqual([['fine', 1]])
  })

  it('that causes itself, or has endless causes, arrives with some of them', () => {
    const error = new Error('x')
    error.cause = error
    let depth = 0
    for (let at: unknown = across(error); at instanceof Error; at = at.cause) depth++
    expect(depth).toBe(8)
  })

  it('survives getters that throw, everywhere', () => {
    const proxy = new Proxy(new Error('x'), {
      get: (_, name) => {
        throw new Error(`no ${String(name)}`)
      },
    })
    expect(across(proxy)).toBeInstanceOf(Error)
  })

  it('cannot set what makes an error work', () => {
    const facts = { message: 'x', details: { message: 'forged', stack: 'forged', cause: 1, __proto__: null, ok: 1 } }
    const arrived = fromWire({ error: facts }) as Error
    expect(arrived.message).toBe('x')
    expect(arrived.stack).not.toBe('forged')
    expect(arrived).toMatchObject({ ok: 1 })
  })
})

describe('an error of another implementation', () => {
  it('has its code, module and message, which may be left out', () => {
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
  ])('that is malformed is an error all the same: %o', payload => {
    expect(fromWire(payload)).toBeInstanceOf(Error)
  })
})
