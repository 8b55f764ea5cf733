import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { viewOfNothing } from '../../fixtures/detached.js'
import { guestFile, RemoteHost } from '../../fixtures/remoteHost.js'

const REQUEST = 'CUTOVER_INVALID_REQUEST'
const ANSWER = 'CUTOVER_INVALID_ANSWER'
type Options = Parameters<RemoteHost['runtime']['call']>[1]

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

const GIVEN: Readonly<Record<string, () => unknown>> = {
  function: () => () => {},
  proxy: () => new Proxy({}, {}),
  viewOfNothing,
  nested: () => nested(6_000),
  deeplyNested: () => nested(50_000),
}

/** One thread or process for all cases: it never restarts, so no case loses it. */
class Survivor {
  readonly host: RemoteHost
  readonly hanging: Promise<unknown>
  hasEnded = false

  private constructor(host: RemoteHost) {
    this.host = host
    this.hanging = host.do('hang').catch(() => {
      this.hasEnded = true
    })
  }

  static async start(make: (typeof RemoteHost)['ofModule'] | (typeof RemoteHost)['ofThread']): Promise<Survivor> {
    const onHostRequest = async (what: unknown) => GIVEN[String(what)]?.() ?? 'answered'
    return new Survivor(await make({ module: guestFile('mangling') }, { onHostRequest }).started())
  }

  /** The outcome of a call that is made between two others in the same turn. Both others must be answered. */
  async outcomeOf(request: { readonly do: string }, options?: Options): Promise<object> {
    const before = this.host.do('answer', { value: 'before' })
    const call = this.host.runtime.call(request, options).then(
      value => ({ value }),
      ({ name, code, message, version }) => ({ name, code, message, version }),
    )
    const after = this.host.do('answer', { value: 'after' })
    expect(await Promise.all([before, after])).toEqual(['before', 'after'])
    const outcome = await call
    expect([await this.host.do('answer', { value: 'later' }), this.host.types, this.hasEnded]).toEqual([
      'later',
      ['started'],
      false,
    ])
    return outcome
  }
}

describe('A message that cannot be read or sent costs one call of its thread', () => {
  let survivor: Survivor
  beforeAll(async () => {
    survivor = await Survivor.start(RemoteHost.ofThread)
  })
  afterAll(() => survivor.host.runtime.stop())

  const moved = viewOfNothing().buffer
  const movedView = viewOfNothing()
  it.each([
    ['a buffer that was moved before', { do: 'size', value: moved }, [moved], /transfer\[0\] is a detached buffer/],
    [
      'a view of such a buffer',
      { do: 'size', value: movedView },
      [movedView.buffer],
      /transfer\[0\] is a detached buffer/,
    ],
    [
      'a detached entry in `transfer`',
      { do: 'size' },
      [new ArrayBuffer(1), moved],
      /transfer\[1\] is a detached buffer/,
    ],
    [
      'a detached buffer that is to be copied',
      { do: 'size', value: moved },
      undefined,
      /request\.value is an ArrayBuffer that was transferred before/,
    ],
    ['a buffer twice in `transfer`', { do: 'size' }, Array(2).fill(new ArrayBuffer(1)), /duplicate ArrayBuffer/],
    ['a number in `transfer`', { do: 'size' }, [1], /transferList/],
    ['a function', { do: 'size', value: () => {} }, undefined, /request\.value is a function/],
    ['a proxy', { do: 'size', value: new Proxy({}, {}) }, undefined, /request\.value is a proxy/],
    [
      'a view of a buffer that was moved',
      { do: 'size', value: movedView },
      undefined,
      /value is a Uint8Array that was transf/,
    ],
    ['50,000 nested arrays', { do: 'size', value: nested(50_000) }, undefined, /call stack/],
  ])('as a request: %s', async (_, request, transfer, why) => {
    const options = transfer === undefined ? undefined : { transfer: transfer as never }
    expect(await survivor.outcomeOf(request, options)).toMatchObject({
      code: REQUEST,
      message: expect.stringMatching(why),
    })
  })

  it('as a request: what arrives as nothing is refused, also when its thread could read it', async () => {
    const buffer = new ArrayBuffer(8)
    expect(await survivor.outcomeOf({ do: 'size', value: buffer } as never, { transfer: [buffer] })).toEqual({
      value: 8,
    })
    expect(await survivor.outcomeOf({ do: 'size', value: buffer } as never, { transfer: [buffer] })).toMatchObject({
      code: REQUEST,
    })
  })

  it.each([
    ['a function', { do: 'function' }, /answer is a function/],
    ['a proxy', { do: 'proxy' }, /answer is a proxy/],
    [
      '6,000 nested arrays, which the thread can write and this one cannot read',
      { do: 'nested', levels: 6_000 },
      /stack/,
    ],
    ['50,000 nested arrays', { do: 'nested', levels: 50_000 }, /call stack/],
    [
      'a view of a buffer that was moved',
      { do: 'viewOfNothing' },
      /answer is a Uint8Array that was transferred before/,
    ],
    ['a detached entry in `transfer`', { do: 'detachedEntry' }, /transfer\[0\] is a detached buffer/],
    ['a buffer twice in `transfer`', { do: 'bufferTwice' }, /duplicate ArrayBuffer/],
    ['a number in `transfer`', { do: 'numberInTransfer' }, /transferList/],
  ])('as an answer: %s', async (_, request, why) => {
    const outcome = await survivor.outcomeOf(request)
    expect(outcome).toMatchObject({ name: 'CutoverError', code: ANSWER, version: '1.0.0' })
    expect(outcome).toMatchObject({
      message: expect.stringMatching(/^The answer of version 1\.0\.0 cannot be (sent|read): /),
    })
    expect(outcome).toMatchObject({ message: expect.stringMatching(why) })
  })

  it.each(['bufferAgain', 'viewAgain'])('as an answer that is moved twice: the second one of %s', async deed => {
    expect(await survivor.outcomeOf({ do: deed })).toHaveProperty('value.byteLength', 8)
    expect(await survivor.outcomeOf({ do: deed })).toMatchObject({
      code: ANSWER,
      message: expect.stringMatching(/detached/),
    })
  })

  it.each([
    ['details that are nested deep', { do: 'throwNested', levels: 6_000 }, 'with a deep detail'],
    ['details that are nested deeper', { do: 'throwNested', levels: 50_000 }, 'with a deep detail'],
    ['a proxy', { do: 'throwProxy' }, expect.stringMatching(/with a proxy/)],
    ['a detached buffer', { do: 'throwBuffer' }, expect.stringMatching(/with a buffer/)],
  ])('as an error with %s: what it says arrives', async (_, request, message) => {
    expect(await survivor.outcomeOf(request)).toMatchObject({ message })
  })

  it.each(['function', 'proxy', 'viewOfNothing', 'nested', 'deeplyNested'])(
    'as an answer of the host: %s',
    async what => {
      const { value } = (await survivor.outcomeOf({ do: 'askFor', what } as never)) as { readonly value: object }
      // A thread has a larger stack than the main one.
      if (what === 'nested') expect(value).toMatchObject({ code: expect.stringMatching(ANSWER) })
      else
        expect(value).toMatchObject({
          code: ANSWER,
          message: expect.stringMatching(/^The answer of the host cannot be/),
        })
    },
  )

  it.each([
    ['function', /request is a function/],
    ['proxy', /request is a proxy/],
    ['viewOfNothing', /request is a Uint8Array that was transferred before/],
    ['detachedEntry', /transfer\[0\]/],
  ])('as a request to the host: %s', async (what, why) => {
    const outcome = await survivor.outcomeOf({ do: 'askWith', what } as never)
    expect(outcome).toMatchObject({ value: { code: REQUEST, message: expect.stringMatching(why) } })
  })

  it.each([6_000, 50_000])('as a request to the host: %i nested arrays', async levels => {
    const outcome = await survivor.outcomeOf({ do: 'askWith', what: 'nested', levels } as never)
    expect(outcome).toMatchObject({ value: { code: REQUEST, message: expect.stringMatching(/stack/) } })
  })

  it('Its other calls were answered by one and the same thread all the while', () => {
    expect(survivor.hasEnded).toBe(false)
  })
})

describe('A message that cannot be read or sent costs one call of its process', () => {
  let survivor: Survivor
  beforeAll(async () => {
    survivor = await Survivor.start(RemoteHost.ofModule)
  })
  afterAll(() => survivor.host.runtime.stop())

  it.each([
    ['a function', { value: () => {} }, /request\.value is a function/],
    ['3,000 nested arrays', { value: nested(3_000) }, /more than 1000 levels deep/],
    ['50,000 nested arrays', { value: nested(50_000) }, /more than 1000 levels deep/],
  ])('as a request: %s', async (_, details, why) => {
    const outcome = await survivor.outcomeOf({ do: 'size', ...details } as never)
    expect(outcome).toMatchObject({ code: REQUEST, message: expect.stringMatching(why) })
  })

  it.each([
    ['a function', { do: 'function' }, /answer is a function/],
    ['3,000 nested arrays', { do: 'nested', levels: 3_000 }, /more than 1000 levels deep/],
    ['50,000 nested arrays', { do: 'nested', levels: 50_000 }, /more than 1000 levels deep/],
  ])('as an answer: %s', async (_, request, why) => {
    const outcome = await survivor.outcomeOf(request)
    expect(outcome).toMatchObject({ code: ANSWER, version: '1.0.0', message: expect.stringMatching(why) })
  })

  it('1,000 nested arrays go both ways', async () => {
    // The map that they are in is a level as well.
    expect(await survivor.outcomeOf({ do: 'answer', value: nested(999) } as never)).toHaveProperty('value')
    expect(await survivor.outcomeOf({ do: 'nested', levels: 1_000 } as never)).toHaveProperty('value')
  })

  it.each([3_000, 50_000])('as an error with a detail of %i nested arrays: what it says arrives', async levels => {
    const outcome = await survivor.outcomeOf({ do: 'throwNested', levels } as never)
    expect(outcome).toMatchObject({ message: 'with a deep detail' })
  })

  it.each(['function', 'nested', 'deeplyNested'])('as an answer of the host: %s', async what => {
    expect(await survivor.outcomeOf({ do: 'askFor', what } as never)).toMatchObject({
      value: { code: ANSWER, message: expect.stringMatching(/^The answer of the host cannot be sent/) },
    })
  })

  it.each([3_000, 50_000])('as a request to the host: %i nested arrays', async levels => {
    const outcome = await survivor.outcomeOf({ do: 'askWith', what: 'nested', levels } as never)
    expect(outcome).toMatchObject({ value: { code: REQUEST, message: expect.stringMatching(/more than 1000 levels/) } })
  })
})
