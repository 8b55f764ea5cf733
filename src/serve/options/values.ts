import type { RolloutStep } from '../../rollout/index.js'

/** How the text of an option is read: from the command line, from the environment, or from the configuration file. */
export interface Kind<Value> {
  /** The form, as the end of "must be". */
  readonly form: string
  /** Undefined if the text has another form. */
  read(text: string): Value | undefined
}

/** Timers of Node.js last 24.8 days at most. */
const LONGEST = 24 * 86_400_000
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Reads `30s` as 30,000 ms. A number without a unit would be read as seconds by some and as milliseconds by others. */
function durationIn(text: string): number | undefined {
  if (text === '0') return 0
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? []
  const time = Math.round(Number(digits) * (UNITS[unit] ?? Number.NaN))
  return time <= LONGEST ? time : undefined
}

export const duration: Kind<number> = {
  form: 'a time with its unit, such as 500ms, 30s, 5m or 1h',
  read: durationIn,
}

/** A time above 0. */
export const timeout: Kind<number> = {
  form: `${duration.form}, and more than 0`,
  read: text => durationIn(text) || undefined,
}

/** A whole number. */
export function whole(min: number, max: number): Kind<number> {
  return {
    form: `a whole number from ${min} to ${max}`,
    read: text => {
      const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
      return value >= min && value <= max ? value : undefined
    },
  }
}

/** A share of calls: `5%` or `0.05`. */
export const rate: Kind<number> = {
  form: 'a share such as 5% or 0.05',
  read: text => {
    const [, digits, percent] = /^(\d*\.?\d+)(%?)$/.exec(text) ?? []
    const value = Number(digits) / (percent === '%' ? 100 : 1)
    return value >= 0 && value <= 1 ? value : undefined
  },
}

/** Shares and how long each lasts: `10:30s,50:1m`. */
export const steps: Kind<readonly RolloutStep[]> = {
  form: 'rising shares in percent, each with its time, such as 10:30s,50:30s',
  read: text => {
    if (text === '' || text === 'none') return []
    const read = text.split(',').map(stepIn)
    const isRising = read.every((step, at) => step !== undefined && step.percent > (read[at - 1]?.percent ?? 0))
    return isRising ? (read as RolloutStep[]) : undefined
  },
}

function stepIn(text: string): (RolloutStep & { readonly for: number }) | undefined {
  const [, digits, time = ''] = /^(\d*\.?\d+)%?:([\w.]+)$/.exec(text.trim()) ?? []
  const [percent, length] = [Number(digits), durationIn(time)]
  return percent > 0 && percent <= 100 && length ? { percent, for: length } : undefined
}

export const flag: Kind<boolean> = {
  form: 'true or false',
  read: text => {
    if (['', 'true', '1', 'yes'].includes(text)) return true
    return ['false', '0', 'no'].includes(text) ? false : undefined
  },
}

export const words: Kind<string> = { form: 'a text that is not empty', read: text => (text === '' ? undefined : text) }
