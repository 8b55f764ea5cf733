import { describe, expect, it } from 'vitest'
import { compileHealth } from '../../../src/rollout/judge/index.js'

describe('The option health', () => {
  it('has defaults', () => {
    const defaults = {
      maxErrorRate: undefined,
      maxSlowdown: undefined,
      minCalls: 100,
      falseAlarms: 0.001,
      stepTimeout: undefined,
      warmUp: 100,
    }
    for (const given of [undefined, {}, { maxErrorRate: undefined }]) expect(compileHealth(given)).toEqual(defaults)
  })

  it('keeps valid values, and a function', () => {
    const given = {
      maxErrorRate: 0,
      maxSlowdown: 1.5,
      minCalls: 0,
      falseAlarms: 0.5,
      stepTimeout: Number.POSITIVE_INFINITY,
      warmUp: 0,
    }
    expect(compileHealth(given)).toEqual(given)
    const health = () => 'healthy' as const
    expect(compileHealth(health)).toBe(health)
  })

  it.each([
    ['health', null, 'an object or a function, got null'],
    ['health', 'strict', 'an object or a function, got "strict"'],
    ['health.maxErrorRate', 5, 'a number from 0 to 1, got 5'],
    ['health.maxErrorRate', Number.NaN, 'a number from 0 to 1, got NaN'],
    ['health.maxErrorRate', '0.1', 'a number from 0 to 1, got "0.1"'],
    ['health.maxSlowdown', 0.5, 'a number from 1 to 1000000, got 0.5'],
    ['health.minCalls', -1, 'a whole number, 0 or more, got -1'],
    ['health.falseAlarms', 0, 'a number from 1e-12 to 0.5, got 0'],
    ['health.falseAlarms', 1, 'a number from 1e-12 to 0.5, got 1'],
    ['health.stepTimeout', 0, 'a whole number of milliseconds from 1 to 2147483647, or Infinity, got 0'],
    ['health.warmUp', 1.5, 'a whole number, 0 or more, got 1.5'],
  ])('%s refuses %s', (name, value, expected) => {
    const given = name === 'health' ? value : { [name.replace('health.', '')]: value }
    expect(() => compileHealth(given as never)).toThrow(
      expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: `Option "${name}" must be ${expected}.` }),
    )
  })
})
