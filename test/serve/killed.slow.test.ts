import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'
import { gone } from '../fixtures/system.js'
import { application, type Served, Site } from './serving.js'

/** `KILLS=100` for the full form. */
const KILLS = Number(process.env['KILLS'] ?? 6)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const AT_ONCE = 2
const OPTIONS = ['--instances', '1', '--verify', '/health', '--steps', '50:100ms', '--soak', '100ms']
/** How many lines a deploy takes, and how many of them tell its states; the application writes the others while it starts. */
const [LINES, STATES] = [55, 8]
const isState = (line: string) => / is (a copy|\w+ing)/.test(line)

const numbered = (number: number) => application('ticking').replace('NUMBER = 0', `NUMBER = ${number}`)

/** Waits until a random line, or until the end of the deploy. Half come right behind a state, since most states are short. */
async function randomMoment(served: Served, random: () => number, ended: Promise<unknown>): Promise<void> {
  const isBehindState = random() < 0.5
  const seen = () => (isBehindState ? served.lines.filter(isState) : served.lines).length
  const target = seen() + Math.floor(random() * (isBehindState ? STATES : LINES))
  let hear = () => {}
  const heard = new Promise<void>(resolve => {
    hear = () => seen() >= target && resolve()
  })
  await Promise.race([served.hearing(hear, heard), ended])
}

it(`A service that is killed at ${KILLS} random moments of deploys comes up with a version that had proved itself, and leaves nothing`, {
  timeout: 900_000,
}, async () => {
  console.info(`services that are killed: seed ${SEED}; run it again with SEED=${SEED}`)
  const places: Record<string, number> = {}
  const lane = async (_: unknown, lane: number) => {
    const random = randomFrom(SEED + lane)
    const site = new Site(numbered(0))
    const pids = new Set<number>()
    let stays = '0'
    for (let kill = 1; kill <= KILLS / AT_ONCE; kill++) {
      const served = await site.serve(...OPTIONS)
      expect(await served.get(), `after kill ${kill - 1}`).toBe(stays)
      site.write(numbered(kill))
      const deploy = site.ask('deploy')
      await randomMoment(served, random, deploy)
      served.kill('SIGKILL')
      await Promise.all([served.exited, deploy])
      for (const line of served.lines) {
        const [, pid] = /pid (\d+)$/.exec(line) ?? []
        if (pid !== undefined) pids.add(Number(pid))
      }
      const last = served.lines.findLast(isState)
      const place = / is (?:a )?(\w+)/.exec(last ?? '')?.[1] ?? 'before'
      places[place] = (places[place] ?? 0) + 1
      const { permanent } = JSON.parse(readFileSync(join(site.state, 'rollout.json'), 'utf8'))
      const source = readFileSync(join(site.state, 'releases', permanent, 'files', 'app.mjs'), 'utf8')
      const number = /NUMBER = (\d+)/.exec(source)?.[1] ?? ''
      expect(Number(number) % 3, `${number} proved itself`).not.toBe(2)
      // It was permanent before, or has become so now.
      expect([stays, String(kill)]).toContain(number)
      if (number === String(kill)) expect(place).toBe('finishing')
      stays = number
    }
    const served = await site.serve(...OPTIONS)
    expect(await served.get()).toBe(stays)
    served.kill('SIGTERM')
    expect(await served.exited).toEqual([0, null])
    await gone(pids)
    expect(readdirSync(site.state).sort()).toEqual(['releases', 'rollout.json'])
    expect(readdirSync(join(site.state, 'releases')).filter(name => name.startsWith('.'))).toEqual([])
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  console.info(`killed in: ${JSON.stringify(places)}`)
})
