import { parseArgs } from 'node:util'
import type { Handover } from 'cutover'
import { HOSTS, type HostName } from './markdown.js'
import { UserError } from './userError.js'

export interface Options {
  readonly handover: Handover
  readonly host: HostName
  /** How long the demo sends calls, in ms. */
  readonly duration: number
  /** How many calls are in flight at once. */
  readonly concurrency: number
  readonly json: boolean
  /** Run with an inspector until Ctrl-C. */
  readonly inspect: boolean
  readonly help: boolean
}

export const HELP = `Upgrades a Markdown renderer from marked 4 to marked 18 under load, and checks every answer.

Usage: npm start -- [options]

  --handover <order>    sequential: the old version stops before the new one takes calls
                        overlap: the new version takes calls at once, the old one drains behind it
                        (default: sequential)
  --host <where>        where the versions run: in-process, worker or process
                        (default: process)
  --duration <seconds>  how long to send calls, from 1 to 600, fractions allowed (default: 6)
  --concurrency <n>     how many calls are in flight at once, from 1 to 1000 (default: 64)
  --inspect             open an inspector and switch back and forth until Ctrl-C
  --json                print one JSON object with all results, and nothing else
  --help, -h            print this text

Exit code: 0 if every call got one correct answer from an active version, 1 if not, 2 for a wrong option.
With --json use "npm start --silent", because npm prints a header of its own.
`

const KNOWN = {
  handover: { type: 'string' },
  host: { type: 'string' },
  duration: { type: 'string' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
  inspect: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Name = keyof typeof KNOWN

/** @throws UserError with exit code 2 that names the option and its value */
export function parseOptions(args: readonly string[]): Options {
  const given = readArguments(args)
  return {
    handover: handoverIn(given.get('handover') ?? 'sequential'),
    host: hostIn(given.get('host') ?? 'process'),
    duration: numberIn('duration', given.get('duration') ?? '6', 'a number of seconds', 1, 600) * 1_000,
    concurrency: wholeIn('concurrency', given.get('concurrency') ?? '64', 1, 1_000),
    json: given.has('json'),
    inspect: given.has('inspect'),
    help: given.has('help'),
  }
}

/** Not strict, because the messages of `parseArgs` have several lines and omit the value. */
function readArguments(args: readonly string[]): Map<Name, string> {
  const { tokens } = parseArgs({ args: [...args], options: KNOWN, strict: false, tokens: true })
  const given = new Map<Name, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') throw wrong(`Unexpected argument ${JSON.stringify(token.value)}`)
    if (token.kind === 'option') given.set(...readOption(token.name, token.rawName, token.value))
  }
  return given
}

function readOption(name: string, rawName: string, value: string | undefined): [Name, string] {
  if (!isKnown(name)) throw wrong(`Unknown option ${JSON.stringify(rawName)}`)
  const takesValue = KNOWN[name].type === 'string'
  if (takesValue && value === undefined) throw wrong(`Option ${rawName} needs a value, got none`)
  if (!takesValue && value !== undefined) throw wrong(`Option ${rawName} takes no value, got ${JSON.stringify(value)}`)
  return [name, value ?? '']
}

function isKnown(name: string): name is Name {
  return Object.hasOwn(KNOWN, name)
}

function handoverIn(value: string): Handover {
  if (value === 'sequential' || value === 'overlap') return value
  throw wrong(`Option --handover must be sequential or overlap, got ${JSON.stringify(value)}`)
}

function hostIn(value: string): HostName {
  if (Object.hasOwn(HOSTS, value)) return value as HostName
  throw wrong(`Option --host must be in-process, worker or process, got ${JSON.stringify(value)}`)
}

function numberIn(name: Name, value: string, what: string, min: number, max: number): number {
  // Number('') is 0 and Number('0x10') is 16, but the help promises decimals.
  const number = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw wrong(`Option --${name} must be ${what} from ${min} to ${max}, got ${JSON.stringify(value)}`)
}

function wholeIn(name: Name, value: string, min: number, max: number): number {
  const number = numberIn(name, value, 'a whole number', min, max)
  if (Number.isInteger(number)) return number
  throw wrong(`Option --${name} must be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}`)
}

function wrong(what: string): UserError {
  return new UserError(`${what}. See --help.`, 2)
}
