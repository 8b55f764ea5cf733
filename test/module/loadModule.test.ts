import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importModule, moduleIn, moduleUrl } from '../../src/module/loadModule.js'
import { rejectionOf } from '../fixtures/hosting.js'

const call = () => 'mine'
const other = () => 'not this one'

describe('A module is found', () => {
  it.each([
    ['among the named exports', { call }],
    ['among the named exports, beside a default', { call, default: { call: other } }],
    ['as the default export', { default: { call } }],
    ['as the default export, which has a default of its own', { default: { call, default: { call: other } } }],
    ['as the default of a CommonJS file', { default: { default: { call } } }],
  ])('%s', (_, loaded) => {
    expect(moduleIn(loaded, 'It').call).toBe(call)
  })

  it('with its other functions', () => {
    const module = { call, start() {}, stop() {}, abort() {}, role() {} }
    expect(moduleIn(module, 'It')).toBe(module)
    expect(moduleIn({ call, start: undefined }, 'It').start).toBe(undefined)
  })
})

describe('A module is refused', () => {
  const NO_CALL =
    'It has no function "call". Export a function "call", or "fetch" to answer HTTP, or a default object that has one.'
  const refusals: readonly (readonly [string, unknown, string])[] = [
    ['undefined', undefined, NO_CALL],
    ['null', null, NO_CALL],
    ['a text', 'call', NO_CALL],
    ['a function', Object.assign(() => {}, { call: 1 }), NO_CALL],
    ['without a call', {}, NO_CALL],
    ['with a default without a call', { default: {} }, NO_CALL],
    [
      'with a default that has a call below its default, and one of another type',
      { default: { call: 1, default: { call } } },
      NO_CALL,
    ],
    ['with a call that is a text', { call: 'mine', default: { call } }, NO_CALL],
    ...['start', 'abort', 'stop', 'role'].map((name): [string, unknown, string] => [
      `with a text as its ${name}`,
      { call, [name]: 'now' },
      `It has a "${name}" that is not a function, but "now". Make it a function, or leave it out.`,
    ]),
  ]
  it.each(refusals)('%s', (_, loaded, message) => {
    const refused = expect.objectContaining({ code: 'CUTOVER_INVALID_RUNTIME', message })
    expect(() => moduleIn(loaded, 'It')).toThrow(refused)
  })
})

describe('The location of a module', () => {
  it.each([
    ['a path', 'test/a b.mjs', pathToFileURL('test/a b.mjs').href],
    ['a path of one letter and a colon, as of a drive', 'c:/a.mjs', pathToFileURL('c:/a.mjs').href],
    ['a path with a colon in it', './at: a.mjs', pathToFileURL('./at: a.mjs').href],
    ['a path with a colon in its name', '2nd:a.mjs', pathToFileURL('2nd:a.mjs').href],
    ['the text of a URL', 'FILE:///a.mjs?b', 'file:///a.mjs?b'],
    ['the text of a URL with signs in its protocol', 'a+b.c-d:e', 'a+b.c-d:e'],
    ['a URL', new URL('data:text/javascript,'), 'data:text/javascript,'],
  ])('is %s', (_, location, href) => {
    const url = moduleUrl(location)
    expect(url.href).toBe(href)
    expect(url).not.toBe(location)
  })

  it('is refused if it begins like a URL and is none', () => {
    const refused = {
      code: 'CUTOVER_INVALID_OPTION',
      message: 'Option "module" must be a URL or a path, got "http://[".',
    }
    expect(() => moduleUrl('http://[')).toThrow(expect.objectContaining(refused))
  })

  it('is named by an error about what it exports', async () => {
    expect(await importModule('data:text/javascript,export const call = () => 1')).toMatchObject({
      call: expect.any(Function),
    })
    expect(await rejectionOf(importModule('data:text/javascript,export const a = 1'))).toMatchObject({
      code: 'CUTOVER_INVALID_RUNTIME',
      message: expect.stringMatching(/^Module data:text\/javascript,export const a = 1 has no function "call"\./),
    })
  })
})
