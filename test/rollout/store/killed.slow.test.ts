import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileStore } from 'cutover/rollout'
import { expect, it } from 'vitest'
import { randomFrom } from '../../fixtures/randomFrom.js'
import { directory } from '../../fixtures/system.js'

/** `KILLS=200` for the full form, which takes 40 s. */
const KILLS = Number(process.env['KILLS'] ?? 40)
const AT_ONCE = 4

const numberOf = (version: string | null | undefined) => Number(version?.split('.').at(-1) ?? 0)

/** Kills a process that saves all the time after so many lines. Returns the number of the last record that it called saved. */
async function killAfter(lines: number, path: string): Promise<number> {
  const program = 'test/fixtures/processes/savesAlways.mjs'
  const child = spawn(process.execPath, [program, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  let [last, seen] = [0, 0]
  for await (const line of createInterface(child.stdout)) {
    last = Number(line)
    seen += 1
    if (seen === lines) child.kill('SIGKILL')
  }
  expect(await exited).toEqual([null, 'SIGKILL'])
  return last
}

it(`A process that is killed at ${KILLS} random moments leaves a file that is whole, and loses no record that was saved`, {
  timeout: 300_000,
}, async () => {
  let last = 0
  const kills = Array.from({ length: AT_ONCE }, async (_, lane) => {
    const [path, random] = [join(directory(), 'rollout.json'), randomFrom(lane + 1)]
    for (let n = 0; n < KILLS / AT_ONCE; n++) {
      const saved = await killAfter(1 + Math.floor(random() * 20), path)
      const store = fileStore(path)
      const record = await store.open()
      // The process may have renamed the file, and not have said so yet.
      expect([saved, saved + 1]).toContain(numberOf(record?.permanent))
      expect(numberOf(record?.previous)).toBe(Math.max(0, numberOf(record?.permanent) - 1))
      await store.close()
      last = Math.max(last, saved)
    }
  })
  await Promise.all(kills)
  expect(last).toBeGreaterThan(KILLS / 4)
})
