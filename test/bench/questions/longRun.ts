import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { bytesOfObjects } from '../harness/heap.js'
import type { Question, Row, Unit } from '../harness/question.js'
import { inTurns, pairRow, rowOf, valueRow } from '../harness/rounds.js'
import { SwitchingLoad } from '../harness/switchingLoad.js'

/** Measured during one interval of the run, or at its end. */
interface Interval {
  readonly rate: number
  readonly heap: number
  readonly objects: number
  readonly rss: number
  readonly handles: number
  readonly descriptors: number
}

async function measureInterval(load: SwitchingLoad, seconds: number): Promise<Interval> {
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

/** A freshly started program, to compare with the one that has run for minutes. */
class NewProgram {
  readonly #child: ChildProcess
  readonly #exited: Promise<never>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit').then(([code]) => {
      throw new Error(`The new program exited with code ${code}.`)
    })
    this.#exited.catch(() => {})
  }

  static async start(): Promise<NewProgram> {
    const program = new NewProgram(fork(new URL('../harness/newProgram.js', import.meta.url)))
    await program.#nextMessage()
    return program
  }

  async run(seconds: number): Promise<number> {
    this.#child.send(seconds)
    return this.#nextMessage()
  }

  async end(): Promise<void> {
    this.#child.disconnect()
    await once(this.#child, 'exit')
  }

  /** Resolves with its next message; rejects if it exits instead. */
  async #nextMessage(): Promise<number> {
    const [rate] = await Promise.race([once(this.#child, 'message'), this.#exited])
    return rate as number
  }
}

function lastMinuteRow(
  what: string,
  unit: Unit,
  intervals: readonly Interval[],
  of: (interval: Interval) => number,
  goal: Row['goal'],
): Row {
  const pair = { ours: of(intervals.at(-1) as Interval), theirs: of(intervals[0] as Interval) }
  return pairRow(`${what} of the last minute`, 'the first minute', unit, pair, goal)
}

export const question: Question = {
  number: 9,
  title: 'Does ten minutes of load, with one switch per second, change anything?',
  async run({ short }) {
    const [minutes, seconds, turns, turn] = short ? [3, 2, 3, 1] : [10, 60, 8, 10]
    const warmUp = short ? 1 : 20
    await using load = new SwitchingLoad()
    await load.start()
    // Counting the objects leaves memory behind; do it once before the first minute.
    await measureInterval(load, warmUp)
    const intervals: Interval[] = []
    for (let minute = 0; minute < minutes; minute++) intervals.push(await measureInterval(load, seconds))
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
      lastMinuteRow('throughput', 'calls/s', intervals, ({ rate }) => rate, atLeast),
      rowOf('throughput after that', 'a program that has just begun', 'calls/s', pairs, atLeast),
      lastMinuteRow('heap', 'kB', intervals, ({ heap }) => heap / 1_000, null),
      lastMinuteRow('heap without code', 'kB', intervals, ({ objects }) => objects / 1_000, flat(1.05)),
      lastMinuteRow('memory (RSS)', 'kB', intervals, ({ rss }) => rss / 1_000, flat(1.1)),
      lastMinuteRow('handles', '', intervals, ({ handles }) => handles, flat(1.1)),
      lastMinuteRow('file descriptors', '', intervals, ({ descriptors }) => descriptors, flat(1.1)),
      valueRow('failed calls', '', load.failed, none),
      valueRow('lost calls', '', load.lost, none),
    ]
  },
}
