import { fetchHandler } from 'cutover/http'
import { describe, expect, it } from 'vitest'
import { answerOf } from '../../src/http/answer.js'

/** The answer of a module, with a body that is a stream, and whether that was cancelled. */
function streaming(status: number, headers: readonly string[] = []) {
  let isCancelled = false
  const body = new ReadableStream<Uint8Array>({
    cancel: () => {
      isCancelled = true
    },
  })
  return { given: { head: { status, statusText: '', headers }, body }, body, isCancelled: () => isCancelled }
}

describe('A response with a stream', () => {
  it.each([
    ['HEAD', 200],
    ['GET', 204],
    ['GET', 205],
    ['GET', 304],
  ])('to %s, with status %i, has no body, and its source ends', (method, status) => {
    const { given, isCancelled } = streaming(status)
    expect(answerOf(given, method, undefined).body).toBe(null)
    expect(isCancelled()).toBe(true)
  })

  it('has its body to any other, and its length if it declares one', () => {
    const { given, body, isCancelled } = streaming(200, ['content-length', '3'])
    expect(answerOf(given, 'GET', '1.0.0')).toEqual({
      status: 200,
      statusText: '',
      headers: ['content-length', '3', 'x-cutover-version', '1.0.0'],
      body,
    })
    expect(isCancelled()).toBe(false)
  })

  it.each([[['content-length', 'many']], [['content-length', '3', 'content-length', '3']]])(
    'is refused with a length that is none: %j',
    headers => {
      expect(() => answerOf(streaming(200, headers).given, 'GET', undefined)).toThrow(TypeError)
    },
  )
})

it('A request whose client has gone is no failure for the log', async () => {
  const logged: string[] = []
  const note = (_: object, message: string) => void logged.push(message)
  const call = (_: unknown, options?: { readonly signal?: AbortSignal | undefined }) =>
    new Promise((_, reject) => options?.signal?.addEventListener('abort', () => reject(options.signal?.reason)))
  const handle = fetchHandler({ call }, { logger: { debug: note, info: note, warn: note, error: note } })
  const gone = new AbortController()
  const answered = handle(new Request('http://a/', { signal: gone.signal }))
  setImmediate(() => gone.abort(new Error('gone')))
  expect([(await answered).status, logged]).toEqual([500, []])
  const failing = fetchHandler(
    { call: () => Promise.reject(new Error('no')) },
    { logger: { debug: note, info: note, warn: note, error: note } },
  )
  expect([(await failing(new Request('http://a/'))).status, logged]).toEqual([
    500,
    ['a version failed to answer a request'],
  ])
})
