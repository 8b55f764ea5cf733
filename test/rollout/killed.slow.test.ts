import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, it, onTestFinished } from 'vitest'
import { randomFrom } from '../fixtures/randomFrom.js'
import { directory } from '../fixtures/system.js'

/** `KILLS=200` for the full form. */
const KILLS = Number(process.env['KILLS'] ?? 12)
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const AT_ONCE = 2
/** How many stages, and how many milliseconds, some six rollouts take on a quiet machine. */
const [STAGES, TICKS] = [50, 200]

/** The stages of a version that proved itself beside another one. The first version of all has none to be compared with. */
const BESIDE = ['verified', 'stepping', 'promoting', 'soaking', 'finishing']
const FIRST = ['verified', 'promoting', 'finishing']

const isGood = (version: string) => Number(version.split('.').at(-1)) % 4 === 0

/** The reports of the processes of one store on its versions, one process after another. */
class Told {
  /** The last version that was told to stay. */
  promoted = 'null'
  /** A version that was about to be saved when its process was killed. It may be permanent. */
  finishing: string | undefined
  /** Where the last process was killed. */
  place = ''
  #stages: string[] = []

  /** Whether this version may come up. */
  allows(version: string): boolean {
    return (version === this.promoted || version === this.finishing) && (version === 'null' || isGood(version))
  }

  hear(line: string): void {
    const [stage = '', version = ''] = line.split(' ')
    if (stage === 'up') {
      expect(this.allows(version), `${version} came up, after ${this.promoted}`).toBe(true)
      expect(line).toBe(`up ${version} ${version}`)
      this.promoted = version
      this.finishing = undefined
      this.#stages = []
    } else if (stage === 'preparing') this.#stages = []
    else if (stage === 'promoted') this.promoted = version
    else if (this.#stages.at(-1) !== stage) this.#stages.push(stage)
    if (stage === 'finishing') {
      expect(this.#stages.filter(it => BESIDE.includes(it))).toEqual(this.promoted === 'null' ? FIRST : BESIDE)
      this.finishing = version
    }
    this.place = stage
  }
}

/** After so many stages, or after so many stages and milliseconds. */
interface Moment {
  readonly lines: number
  readonly isStage: boolean
}

/** More of them early. Half come right behind a stage, because most stages take microseconds, and saving takes milliseconds. */
function randomMoment(random: () => number): Moment {
  const isStage = random() < 0.5
  return { lines: 1 + Math.floor(random() ** 2 * (isStage ? STAGES : TICKS)), isStage }
}

/** Runs rollouts in a process until this moment, then does something to it. */
async function runUntil(
  moment: Moment,
  [path, life]: [string, number],
  told: Told,
  end: (child: ChildProcess) => void,
) {
  const program = 'test/fixtures/processes/rollsOut.mjs'
  const child = spawn(process.execPath, [program, path, `${life}`], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const exited = once(child, 'exit')
  let seen = 0
  for await (const line of createInterface(child.stdout)) {
    const isStage = line !== '.'
    if (isStage) told.hear(line)
    if (isStage || !moment.isStage) seen += 1
    if (seen === moment.lines) end(child)
  }
  return exited
}

function check(path: string, told: Told): void {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    // Nothing was saved yet.
    expect(told.promoted).toBe('null')
    return
  }
  const { permanent } = JSON.parse(text)
  expect(told.allows(`${permanent}`), `${permanent} is permanent, after ${told.promoted}`).toBe(true)
}

it(`A process that is killed at ${KILLS} random moments of rollouts leaves a file that is whole; what comes up next had proved itself`, {
  timeout: 600_000,
}, async () => {
  console.info(`rollouts that are killed: seed ${SEED}; run it again with SEED=${SEED}`)
  const places: Record<string, number> = {}
  const lane = async (_: unknown, number: number) => {
    const [folder, random, told] = [directory(), randomFrom(SEED + number), new Told()]
    const path = join(folder, 'rollout.json')
    let life = 0
    while (life < KILLS / AT_ONCE) {
      const exited = await runUntil(randomMoment(random), [path, ++life], told, child => child.kill('SIGKILL'))
      expect(exited).toEqual([null, 'SIGKILL'])
      places[told.place] = (places[told.place] ?? 0) + 1
      check(path, told)
    }
    // The last one ends by itself, and removes the lock, and those of the killed ones.
    const exited = await runUntil({ lines: TICKS, isStage: false }, [path, ++life], told, child => child.stdin?.end())
    expect(exited).toEqual([0, null])
    check(path, told)
    expect(readdirSync(folder).filter(name => name.includes('.lock.'))).toEqual([])
    expect(told.promoted).not.toBe('null')
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lane))
  console.info(`killed after: ${JSON.stringify(places)}`)
})
