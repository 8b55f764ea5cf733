import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { bytesOfObjects } from '../harness/heap.js'
import type { Question, Row, Unit } from '../harness/question.js'
import { inTurns, pairRow, rowOf, valueRow } from '../harness/rounds.js'
import { SwitchingLoad } from '../harness/switchingLoad.js'

/** What was measured in, or at the end of, one stretch of the run. */
interface Stretch {
  readonly rate: number
  readonly heap: number
  readonly objects: number
  readonly rss: number
  readonly handles: number
  readonly descriptors: number
}

async function stretch(load: SwitchingLoad, seconds: number): Promise<Stretch> {
  const rate = await load.run(seconds)
  const objects = bytesOfObjects()
  globalThis.gc?.()
  const { heapUsed: heap, rss } = process.memoryUsage()
  return {
    rate,
    heap,
    objects,
    rss,
    handles: process.getActiveResourcesInfo().length,
    descriptors: readdirSync('/proc/self/fd').length,
  }
}

/** A program that has only just begun, to be measured beside the one that has run for long. */
class NewProgram {
  readonly #child: ChildProcess
  readonly #ended: Promise<never>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit').then(([code]) => {
      throw new Error(`The new program ended with exit code ${code}.`)
    })
    this.#ended.catch(() => {})
  }

  static async start(): Promise<NewProgram> {
    const program = new NewProgram(fork(new URL('../harness/newProgram.js', import.meta.url)))
    await program.#said()
    return program
  }

  async run(seconds: number): Promise<number> {
    this.#child.send(seconds)
    return this.#said()
  }

  async end(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  /** What it says next; rejects if it ends instead. */
  async #said(): Promise<number> {
    const [rate] = await Promise.race([once(this.#child, 'message'), this.#ended])
    return rate as number
  }
}

function last(
  what: string,
  unit: Unit,
  stretches: readonly Stretch[],
  of: (stretch: Stretch) => number,
  goal: Row['goal'],
): Row {
  const pair = { ours: of(stretches.at(-1) as Stretch), theirs: of(stretches[0] as Stretch) }
  return pairRow(`${what} of the last minute`, 'the first minute', unit, pair, goal)
}

export const question: Question = {
  number: 9,
  title: 'Does a long run stay as it began: ten minutes of load, a switch a second, process hosts?',
  async run({ short }) {
    const [minutes, seconds, turns, turn] = short ? [3, 2, 3, 1] : [10, 60, 8, 10]
    const warmUp = short ? 1 : 20
    await using load = new SwitchingLoad()
    await load.start()
    // What counting objects leaves in memory is there before the first minute as well.
    await stretch(load, warmUp)
    const stretches: Stretch[] = []
    for (let minute = 0; minute < minutes; minute++) stretches.push(await stretch(load, seconds))
    const newProgram = await NewProgram.start()
    await newProgram.run(warmUp)
    const pairs = await inTurns(
      turns,
      () => load.run(turn),
      () => newProgram.run(turn),
    )
    await newProgram.end()
    const flat = (atMost: number) => ({ of: 'ratio', atMost }) as const
    const none = { of: 'value', atMost: 0, exact: true } as const
    const atLeast = { of: 'ratio', atLeast: 0.97 } as const
    return [
      last('throughput', 'calls/s', stretches, ({ rate }) => rate, atLeast),
      rowOf('throughput after that', 'a program that has just begun', 'calls/s', pairs, atLeast),
      last('heap', 'kB', stretches, ({ heap }) => heap / 1_000, null),
      last('heap without code', 'kB', stretches, ({ objects }) => objects / 1_000, flat(1.05)),
      last('memory (RSS)', 'kB', stretches, ({ rss }) => rss / 1_000, flat(1.1)),
      last('handles', '', stretches, ({ handles }) => handles, flat(1.1)),
      last('file descriptors', '', stretches, ({ descriptors }) => descriptors, flat(1.1)),
      valueRow('failed calls', '', load.failed, none),
      valueRow('lost calls', '', load.lost, none),
    ]
  },
}
