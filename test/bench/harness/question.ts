/** What a row is to reach. `ratio` is ours to theirs, `value` is ours as it is. */
export interface Goal {
  readonly of: 'ratio' | 'value'
  readonly atLeast?: number
  readonly atMost?: number
  /** Holds in the short form as it is: nothing is half lost. */
  readonly exact?: true
  /** What the short form wants instead of half the goal, where the goal itself is missed. */
  readonly collapse?: number
}

export type Unit = 'calls/s' | 'events/s' | 'ns' | 'µs' | 'ms' | 'bytes' | 'kB' | ''

/** One thing measured, beside what it is measured against. */
export interface Row {
  /** What is measured, and under which circumstances. */
  readonly what: string
  /** The baseline of the same run; empty for a value that stands for itself. */
  readonly against: string
  readonly unit: Unit
  /** Medians of all rounds. */
  readonly ours: number
  readonly theirs: number | null
  /** Ours to theirs: median, and lower and upper quartile where rounds have ratios of their own. */
  readonly ratio: readonly [median: number, lower?: number, upper?: number] | null
  readonly goal: Goal | null
}

/** How thoroughly to measure. */
export interface Form {
  /** A minute for all questions together, with half of each goal: a collapse is seen, a bad minute of the machine is not. */
  readonly short: boolean
}

/** Each is a module in `questions/`, and runs in a process of its own. */
export interface Question {
  readonly number: number
  readonly title: string
  run(form: Form): Promise<readonly Row[]>
}

/** Whether a row is where it should be; in the short form half of the way is enough. */
export function isMet({ ours, ratio, goal }: Row, { short }: Form): boolean {
  if (goal === null) return true
  const slack = short && goal.exact !== true ? 2 : 1
  const bar = (half: number) => (short ? (goal.collapse ?? half) : half)
  const { atLeast, atMost } = goal
  const value = goal.of === 'ratio' ? (ratio?.[0] ?? Number.NaN) : ours
  if (atLeast !== undefined && !(value >= bar(atLeast / slack))) return false
  return atMost === undefined || value <= bar(atMost * slack)
}
