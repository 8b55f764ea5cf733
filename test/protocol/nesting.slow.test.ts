/** Tests how deep a value may be nested on a small stack. The child processes run what was built. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { MAX_NESTING } from '../../src/protocol/limits.js'

/** By default a main thread has 984 kB. The callers of the library take the rest. */
const STACK = 800

async function outcomes(levels: number): Promise<Readonly<Record<string, string>>> {
  const args = [`--stack-size=${STACK}`, 'test/fixtures/processes/nestsDeep.mjs', `${levels}`]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return JSON.parse(stdout) as Record<string, string>
}

describe(`On a stack of ${STACK} kB`, () => {
  it('every kind of value is sent and read nested to the limit', async () => {
    const of = await outcomes(MAX_NESTING)
    expect(Object.keys(of).length).toBeGreaterThan(7)
    expect(of).toEqual(Object.fromEntries(Object.keys(of).map(kind => [kind, 'innermost'])))
  })

  it('every kind of value is refused one level deeper, and not for want of stack', async () => {
    const of = await outcomes(MAX_NESTING + 1)
    expect(new Set(Object.values(of))).toEqual(new Set([`it is nested more than ${MAX_NESTING} levels deep.`]))
  })
})
