import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { walks } from './arbitraries.js'
import { check, type WalksDone } from './check.js'
import { schedulerOf } from './interleaved.js'
import type { WalkProperty } from './properties.js'
import { walkSettings } from './settings.js'
import { take } from './walk.js'

describe('The report of a failing walk', () => {
  const small: WalkProperty = {
    name: 'small',
    hasPaths: true,
    property: () => fc.property(fc.nat(), n => n < 1_000) as fc.IRawProperty<unknown>,
  }

  const fine = () => fc.property(fc.nat(), () => true) as fc.IRawProperty<unknown>
  const counterexampleOf = (report: string | null) =>
    report?.split('\n').find(line => line.startsWith('Counterexample'))

  it('has the shrunk sequence, and the command that replays it', async () => {
    const report = await check(small, { runs: 1_000, seed: 7, path: undefined })
    expect(report).toContain('Counterexample: [1000]')
    const [, path] = /--runs 1000 --seed 7 --only small --path (\S+)/.exec(report ?? '') ?? []
    expect(path).toBeDefined()
    const again = await check(small, { runs: 1_000, seed: 7, path })
    expect(again).toContain('Property failed after 1 tests')
    expect(again).toContain('Counterexample: [1000]')
    expect(again).toContain(`--path ${path}`)
  })

  it('has only the seed and the number of runs, if the walks have no paths', async () => {
    const report = await check({ ...small, hasPaths: false }, { runs: 1_000, seed: 7, path: undefined })
    expect(report).toMatch(/To replay it: .*--only small\n$/)
  })

  it('has the seed and the size of its batch, after the first ten thousand walks', async () => {
    let taken = 0
    const late = (nth: number): WalkProperty => ({
      name: 'late',
      hasPaths: false,
      property: () => fc.property(fc.noShrink(fc.nat()), () => ++taken !== nth) as never,
    })
    const report = await check(late(22_001), { runs: 25_000, seed: 7, path: undefined })
    const [, runs, seed] = /--runs (\d+) --seed (\d+) --only late\n$/.exec(report ?? '') ?? []
    expect([runs, seed]).toEqual(['5000', '9'])
    taken = 0
    const again = await check(late(2_001), { runs: Number(runs), seed: Number(seed), path: undefined })
    expect(counterexampleOf(again)).toMatch(/Counterexample: \[\d+\]/)
    expect(counterexampleOf(again)).toBe(counterexampleOf(report))
  })

  it('is preceded by the progress of each batch', async () => {
    const told: WalksDone[] = []
    await check({ ...small, property: fine }, { runs: 12_000, seed: 7, path: undefined }, done => told.push(done))
    expect(told).toEqual([
      { done: 10_000, seed: 7 },
      { done: 12_000, seed: 8 },
    ])
  })

  it('needs one walk, if there is a path', async () => {
    let taken = 0
    const property = () => fc.property(fc.nat(), () => ++taken > 0) as fc.IRawProperty<unknown>
    expect(await check({ ...small, property }, { runs: 100, seed: 7, path: '5' })).toBe(null)
    expect(taken).toBe(1)
  })

  it('cannot be replayed by a path, if the walks have no paths', async () => {
    const astray = check({ ...small, hasPaths: false }, { runs: 1, seed: 7, path: '0' })
    await expect(astray).rejects.toThrow('small walks have no paths')
  })

  it('is null if no walk fails', async () => {
    expect(await check(small, { runs: 1, seed: 7, path: '0' })).toContain('Property failed')
    expect(await check({ ...small, property: fine }, { runs: 10, seed: 7, path: undefined })).toBe(null)
  })
})

it('Walks with the same seed have the same steps', async () => {
  const { seed } = walkSettings()
  console.info(`random walks: SEED=${seed}`)
  for (const walk of fc.sample(walks, { seed, numRuns: 10 })) {
    expect(await take(walk, schedulerOf(seed))).toEqual(await take(walk, schedulerOf(seed)))
  }
})

it('Settings that are not whole numbers are refused by name', () => {
  expect(walkSettings({ RUNS: '5', SEED: '-3', REPLAY: '1:2' })).toEqual({ runs: 5, seed: -3, path: '1:2' })
  expect(walkSettings({})).toMatchObject({ runs: 10_000, path: undefined })
  expect(() => walkSettings({ RUNS: '0' })).toThrow('RUNS must be a whole number, at least 1; it is "0".')
  expect(() => walkSettings({ SEED: '1.5' })).toThrow('SEED')
})
