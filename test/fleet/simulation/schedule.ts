/** The schedule of a simulated fleet: its size, its rollout, and the faults. */
import fc from 'fast-check'

/** Something that happens to a node, or to all. Times are in heartbeats. */
export interface Fault {
  /**
   * `crash`: its process is killed, and starts again; `cut`: it does not reach NATS; `away`: nobody does; `deaf`: an observer does not hear
   * half of the nodes; the others are orders of an operator.
   */
  readonly kind: 'crash' | 'cut' | 'away' | 'deaf' | 'leave' | 'pause' | 'resume' | 'halt' | 'deploy'
  readonly at: number
  readonly length: number
  /** Which node, as a part of all, 0 to 1. */
  readonly node: number
}

export interface Schedule {
  /** The delays and losses of messages, and the times of moves. */
  readonly seed: number
  readonly nodes: number
  readonly waves: readonly number[]
  readonly maxFailed: number
  /** On which part of the nodes version 2.0.0 fails, 0 to 1. */
  readonly bad: number
  /** Whether a node on which it fails dies of it. */
  readonly kills: boolean
  /** On which part of the nodes the way back fails. */
  readonly stuck: number
  readonly faults: readonly Fault[]
}

const part = fc.double({ min: 0, max: 1, noNaN: true })
const ORDERS = ['leave', 'pause', 'resume', 'halt', 'deploy'] as const

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('crash', 'cut', 'away', 'deaf') },
    { weight: 1, arbitrary: fc.constantFrom(...ORDERS) },
  ),
  at: fc.integer({ min: 0, max: 70 }),
  length: fc.integer({ min: 1, max: 40 }),
  // Small parts are early in the order, so that the first waves are hit, too.
  node: fc.oneof(part, fc.constantFrom(0, 0.001, 0.002, 0.01)),
})

export const schedules = (nodes: number): fc.Arbitrary<Schedule> =>
  fc.record({
    seed: fc.integer(),
    nodes: fc.constant(nodes),
    waves: fc.constantFrom([100], [1, 100], [1, 10, 50, 100], [30, 60, 100], [1, 2, 3, 100]),
    maxFailed: fc.constantFrom(0, 0, 0, 1, 3),
    bad: fc.constantFrom(0, 0, 0.003, 0.05, 0.5, 1),
    kills: fc.boolean(),
    stuck: fc.constantFrom(0, 0, 0, 0.01),
    faults: fc.array(fault, { maxLength: 12 }),
  })
