import { readdirSync, readFileSync } from 'node:fs'
import { runInNewContext } from 'node:vm'
import { CutoverError, ERROR_CODES, type ErrorCode, isCutoverError } from 'cutover'
import { describe, expect, it, onTestFinished } from 'vitest'
import { asError } from '../../src/errors.js'

const MARK = Symbol.for('cutover.error')
const CODES = Object.keys(ERROR_CODES) as ErrorCode[]

function fails(): never {
  throw new Error('not for you')
}

/** The handler of a proxy whose traps of these names throw. */
function thrower(...traps: (keyof ProxyHandler<Error>)[]): ProxyHandler<Error> {
  return Object.fromEntries(traps.map(trap => [trap, fails]))
}

function sources(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
  return files.map(file => readFileSync(`${folder}/${file}`, 'utf8')).join('\n')
}

describe('errors', () => {
  it('An error has its code, its version where there is one, and what led to it', () => {
    const cause = new Error('disk')
    const error = new CutoverError('CUTOVER_START_FAILED', 'no', { version: '1.0.0', cause })
    expect(error).toBeInstanceOf(Error)
    expect({ ...error, name: error.name, message: error.message, cause: error.cause }).toEqual({
      code: 'CUTOVER_START_FAILED',
      version: '1.0.0',
      name: 'CutoverError',
      message: 'no',
      cause,
    })
    const plain = new CutoverError('CUTOVER_DISPOSED', 'gone')
    expect('version' in plain || 'cause' in plain).toBe(false)
  })

  it('isCutoverError recognises errors of another copy of the library, and nothing else', () => {
    const error = new CutoverError('CUTOVER_DISPOSED', 'gone')
    const foreign = Object.assign(new Error('gone'), { code: 'CUTOVER_DISPOSED' })
    expect([error, foreign, null, undefined, 'CUTOVER_DISPOSED', {}].map(value => isCutoverError(value))).toEqual([
      true,
      false,
      false,
      false,
      false,
      false,
    ])
    Object.defineProperty(foreign, MARK, { value: true })
    expect(isCutoverError(foreign)).toBe(true)
    expect(isCutoverError(error, 'CUTOVER_DISPOSED')).toBe(true)
    expect(isCutoverError(error, 'CUTOVER_RUNTIME_LOST')).toBe(false)
  })

  it('isCutoverError recognises errors of a copy of the library in another realm', () => {
    const error = runInNewContext(
      "Object.defineProperty(Object.assign(new Error('gone'), { code }), Symbol.for('cutover.error'), { value: true })",
      { code: 'CUTOVER_DISPOSED' },
    )
    expect(isCutoverError(error, 'CUTOVER_DISPOSED')).toBe(true)
  })

  const real = new CutoverError('CUTOVER_DISPOSED', 'gone')
  const posing = { name: 'CutoverError', code: 'CUTOVER_DISPOSED' }
  it.each([
    ['an error with our name and code', Object.assign(new Error('gone'), posing)],
    ['an error with the mark assigned', Object.assign(new Error('gone'), posing, { [MARK]: true })],
    ['an error whose mark says no', Object.defineProperty(new Error('gone'), MARK, { value: false })],
    ['an object with the mark', Object.defineProperty({ ...posing }, MARK, { value: true })],
    ['an object that inherits from one of ours', Object.create(real)],
    ['an error whose prototype is one of ours', Object.setPrototypeOf(Object.assign(new Error(), posing), real)],
    [
      'an error whose class is ours, and that we did not make',
      Object.setPrototypeOf(new Error(), CutoverError.prototype),
    ],
    ['a proxy', new Proxy(real, {})],
    ['a proxy that throws', new Proxy(real, thrower('has', 'get', 'getPrototypeOf', 'getOwnPropertyDescriptor'))],
  ])('isCutoverError says no to what poses as one: %s', (_, value) => {
    expect(isCutoverError(value)).toBe(false)
    expect(isCutoverError(value, 'CUTOVER_DISPOSED')).toBe(false)
  })

  it('isCutoverError says no to everything that inherits a mark from a polluted Object.prototype', () => {
    Object.defineProperty(Object.prototype, MARK, { value: true, configurable: true })
    onTestFinished(() => Reflect.deleteProperty(Object.prototype, MARK) as never)
    expect(isCutoverError(new Error('x')) || isCutoverError({})).toBe(false)
  })

  it.each([
    ['an own toString', Object.assign(new Error('disk full'), { toString: 5 }), 'disk full'],
    ['a toString that throws', Object.assign(new Error('disk full'), { toString: fails }), 'disk full'],
    ['a Symbol.toPrimitive', Object.assign(new Error('disk full'), { [Symbol.toPrimitive]: () => ({}) }), 'disk full'],
    ['a message that is an object', Object.assign(new Error(), { message: { a: 1 } }), 'an error without a readable'],
    [
      'a message that throws',
      Object.defineProperty(new Error(), 'message', { get: fails }),
      'an error without a readable',
    ],
    ['a name that is no text', Object.assign(new Error('disk full'), { name: { a: 1 } }), 'disk full'],
    ['a name that throws', Object.defineProperty(new Error('disk full'), 'name', { get: fails }), 'disk full'],
    ['traps that throw', new Proxy(new Error('x'), thrower('get', 'has', 'ownKeys', 'getPrototypeOf')), 'an object'],
  ])('asError makes a legible error of one with %s', (_, thrown, message) => {
    const error = asError(thrown)
    // An assertion would look into it.
    expect([Object.is(error, thrown), Object.is(error.cause, thrown)]).toEqual([false, true])
    expect(error.message).toContain(message)
    expect(String(error)).toContain(message)
  })

  it('asError gives an error that is one back as it is, and describes whatever else was thrown', () => {
    const error = new TypeError('x', { cause: 'y' })
    expect(asError(error)).toBe(error)
    expect(asError(undefined).message).toBe('undefined')
    expect(asError(Object.create(null)).message).toBe('an object')
    const { proxy, revoke } = Proxy.revocable([], {})
    revoke()
    expect(asError(proxy).message).toBe('an object')
  })

  it('docs/errors.md lists every code, in order, with its cause and its remedy, and no other', () => {
    const page = readFileSync('docs/errors.md', 'utf8')
    const rows = [...page.matchAll(/^\| `(CUTOVER_\w+)` \| (.+?) \| (.+?) \|$/gm)]
    expect(rows.map(row => row[1])).toEqual(CODES)
    expect(Object.fromEntries(rows.map(([, code, cause]) => [code, cause]))).toEqual(ERROR_CODES)
    expect(rows.filter(([, , , remedy]) => (remedy?.length ?? 0) <= 10)).toEqual([])
  })

  it('Every code is given somewhere in the library', () => {
    const text = sources('src').replace(/export const ERROR_CODES[\s\S]*?as const/, '')
    expect(CODES.filter(code => !text.includes(`'${code}'`))).toEqual([])
  })
})
