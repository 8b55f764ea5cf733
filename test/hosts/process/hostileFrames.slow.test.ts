import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { gone } from '../../fixtures/system.js'

/** `HOSTILE_FRAMES=100000` is the long form. */
const FRAMES = Number(process.env['HOSTILE_FRAMES'] ?? 20_000)
const SEED = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 1_000_000)
const MAX_HEAP_MB = 200

interface Report {
  readonly frames: number
  /** The most heap that was in use, in bytes. */
  readonly peak: number
  readonly pids: readonly number[]
  /** How many calls ended how. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly left: { readonly files: number; readonly resources: number; readonly directories: readonly string[] }
}

it(`Through ${FRAMES} hostile frames every call settles, the heap of the host stays below ${MAX_HEAP_MB} MB, and nothing is left behind`, {
  timeout: 30_000 + FRAMES * 3,
}, async () => {
  console.info(`hostile frames: seed ${SEED}; run it again with HOSTILE_SEED=${SEED}`)
  const host = new URL('../../fixtures/processes/hostOfHostile.mjs', import.meta.url).pathname
  const args = [`--max-old-space-size=${MAX_HEAP_MB}`, host, String(FRAMES), String(SEED)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const { frames, peak, pids, outcomes, left } = JSON.parse(stdout) as Report
  expect(frames).toBeGreaterThanOrEqual(FRAMES)
  expect(peak).toBeLessThan(MAX_HEAP_MB * 1024 * 1024)
  expect(pids.length).toBeGreaterThan(1)
  expect(outcomes).toMatchObject({ CUTOVER_RUNTIME_LOST: expect.any(Number), answered: expect.any(Number) })
  expect(left.directories).toEqual([])
  expect(left.files).toBeLessThanOrEqual(0)
  expect(left.resources).toBeLessThanOrEqual(0)
  await gone(pids)
  const megabytes = Math.round(peak / 1e6)
  console.info(
    `hostile frames: ${frames} of ${pids.length} guests, at most ${megabytes} MB of heap, ${JSON.stringify(outcomes)}`,
  )
})
