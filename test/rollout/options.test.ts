import { Aggregate } from 'cutover'
import { memoryStore, Rollout, type RolloutOptions } from 'cutover/rollout'
import { describe, expect, it } from 'vitest'
import { Hosting, ID, rejectionOf } from '../fixtures/hosting.js'
import { Rolling } from './rolling.js'

const provision = () => new Rolling().provision('1.0.0')
const made = (options: object, hosting = new Hosting()) =>
  new Rollout(hosting.aggregate, { provision, ...options } as RolloutOptions<string, string>)

describe('Options', () => {
  it.each([
    ['provision', { provision: undefined }, 'must be a function, got undefined'],
    ['provision', { provision: 'x' }, 'must be a function'],
    ['verify', { verify: 1 }, 'must be a function'],
    ['steps', { steps: 5 }, 'must be an array, got 5'],
    ['steps[0]', { steps: [5] }, 'must be an object'],
    ['steps[0].percent', { steps: [{ percent: 0 }] }, 'must be above 0, and at most 100, got 0'],
    ['steps[0].percent', { steps: [{ percent: -1 }] }, 'must be above 0'],
    ['steps[0].percent', { steps: [{ percent: 101 }] }, 'at most 100'],
    ['steps[0].percent', { steps: [{ percent: Number.NaN }] }, 'got NaN'],
    ['steps[0].percent', { steps: [{ percent: '5' }] }, 'got "5"'],
    ['steps[1].percent', { steps: [{ percent: 5 }, { percent: 5 }] }, 'must be above 5 as steps rise'],
    ['steps[1].percent', { steps: [{ percent: 5 }, { percent: 1 }] }, 'must be above 5'],
    ['steps[0].for', { steps: [{ percent: 5, for: 0 }] }, 'from 1 to 2147483647, got 0'],
    ['steps[0].for', { steps: [{ percent: 5, for: -1 }] }, 'got -1'],
    ['steps[0].for', { steps: [{ percent: 5, for: '60s' }] }, 'got "60s"'],
    ['steps[0].for', { steps: [{ percent: 5, for: Number.NaN }] }, 'got NaN'],
    ['steps[0].for', { steps: [{ percent: 5, for: Number.POSITIVE_INFINITY }] }, 'got Infinity'],
    ['steps[0].manual', { steps: [{ percent: 5, manual: 1 }] }, 'must be true or false'],
    ['startTimeout', { startTimeout: -1 }, 'got -1'],
    ['startTimeout', { startTimeout: 0 }, 'got 0'],
    ['verifyTimeout', { verifyTimeout: Number.NaN }, 'got NaN'],
    ['soak', { soak: '1' }, 'got "1"'],
    ['soak', { soak: 3_000_000_000 }, 'got 3000000000'],
    ['holdback', { holdback: 100 }, 'must be a number from 0 to 99'],
    ['health', { health: 1 }, 'must be an object or a function'],
    ['health.minCalls', { health: { minCalls: -1 } }, 'got -1'],
    ['store', { store: {} }, 'must be an object with open, save and close'],
    ['logger', { logger: {} }, 'must be an object with debug'],
    ['clock', { clock: {} }, 'must be an object with setTimeout'],
    ['inspect', { inspect: 1 }, 'must be a function, or an observer'],
  ])('%s is refused: %o', (name, options, what) => {
    const message = expect.stringContaining(`Option "${name}" `)
    expect(() => made(options)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message }))
    expect(() => made(options)).toThrow(what)
  })

  it.each([undefined, null, 5])('%s are refused', options => {
    expect(() => new Rollout(new Hosting().aggregate, options as never)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }),
    )
  })

  it('a bad plan of a to() is refused, and nothing has begun', async () => {
    const rolling = new Rolling()
    await rolling.serve('1.0.0')
    for (const plan of [{ soak: -1 }, { steps: [{ percent: 0 }] }, { force: 1 }, { signal: {} }, 5]) {
      expect(await rejectionOf(rolling.rollout.to('2.0.0', plan as never))).toMatchObject({
        code: 'CUTOVER_INVALID_OPTION',
      })
    }
    expect(rolling.provisioned).toHaveLength(1)
  })

  it('a step above 50 % is warned of: the default judge is blind there', () => {
    const hosting = new Hosting()
    const logger = {
      debug() {},
      info() {},
      error() {},
      warn: (_: object, message: string) => void warnings.push(message),
    }
    const warnings: string[] = []
    made({ logger, steps: [{ percent: 50 }] }, hosting)
    expect(warnings).toEqual([])
    made({ logger, steps: [{ percent: 51 }] })
    expect(warnings).toEqual([expect.stringContaining('a step above 50 %')])
    made({ logger, steps: [{ percent: 51 }], health: () => 'healthy' })
    expect(warnings).toHaveLength(1)
  })

  it('what is no aggregate of this library is refused', () => {
    expect(() => new Rollout({ id: ID } as never, { provision } as never)).toThrow(
      'must be an Aggregate of this library',
    )
  })

  it('an aggregate has one rollout; once it is disposed of, another may come', async () => {
    const aggregate = new Aggregate<string, string>({ id: ID })
    const first = new Rollout(aggregate, { provision })
    expect(() => new Rollout(aggregate, { provision })).toThrow(
      expect.objectContaining({
        code: 'CUTOVER_INVALID_OPTION',
        message: expect.stringContaining('has a rollout already'),
      }),
    )
    await first[Symbol.asyncDispose]()
    await using second = new Rollout(aggregate, { provision, store: memoryStore() })
    expect(second.status().state).toBe('idle')
  })
})
