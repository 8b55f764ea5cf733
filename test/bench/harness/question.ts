/** The bound of a row. `ratio` is ours divided by theirs, `value` is ours. */
export interface Goal {
  readonly of: 'ratio' | 'value'
  readonly atLeast?: number
  readonly atMost?: number
  /** Applies unchanged in the short form, because half a lost call makes no sense. */
  readonly exact?: true
  /** The bound of the short form in place of half the goal, where the goal itself is missed. */
  readonly shortBound?: number
}

export type Unit = 'calls/s' | 'chunks/s' | 'events/s' | 'ns' | 'µs' | 'ms' | 'bytes' | 'kB' | ''

/** One measured value and its baseline. */
export interface Row {
  /** The measured value, and the conditions. */
  readonly what: string
  /** The baseline, measured in the same run; empty if there is none. */
  readonly against: string
  readonly unit: Unit
  /** The median of all rounds. */
  readonly ours: number
  readonly theirs: number | null
  /** Ours divided by theirs: the median, and the lower and upper quartile if each round has a ratio. */
  readonly ratio: readonly [median: number, lower?: number, upper?: number] | null
  readonly goal: Goal | null
}

export interface Form {
  /** One minute for all questions, with half of each goal: it finds a collapse and tolerates a busy machine. */
  readonly short: boolean
}

/** One module in `questions/`. Each runs in its own process. */
export interface Question {
  readonly number: number
  readonly title: string
  run(form: Form): Promise<readonly Row[]>
}

/** The answer to a question. */
export interface Result {
  readonly number: number
  readonly title: string
  readonly rows: readonly Row[]
}

/** Whether a row meets its goal; in the short form, half the goal. */
export function isMet({ ours, ratio, goal }: Row, { short }: Form): boolean {
  if (goal === null) return true
  const slack = short && goal.exact !== true ? 2 : 1
  const bound = (half: number) => (short ? (goal.shortBound ?? half) : half)
  const { atLeast, atMost } = goal
  const value = goal.of === 'ratio' ? (ratio?.[0] ?? Number.NaN) : ours
  if (atLeast !== undefined && !(value >= bound(atLeast / slack))) return false
  return atMost === undefined || value <= bound(atMost * slack)
}
