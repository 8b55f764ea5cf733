import { parseArgs } from 'node:util'
import type { Handover } from 'cutover'
import { closestMatch } from 'leven'
import { HOSTS, type HostName } from './markdown.js'
import { UserError } from './userError.js'

/** A fault during a rollout. */
export type Fault = 'none' | 'break' | 'break after' | 'outage'

export interface Options {
  readonly fault: Fault
  /** Only a switch by `setVersion`, in this order; null for a rollout. */
  readonly handover: Handover | null
  readonly host: HostName
  /** Whether the calls are HTTP requests. */
  readonly http: boolean
  /** How many nodes a fleet has; 0: no fleet. */
  readonly nodes: number
  /** How many instances of each version there are: more than one are a pool. */
  readonly instances: number
  /** How long the demo takes, in ms. A rollout takes longer where the calls are too few to judge. */
  readonly duration: number
  /** How many calls are in flight at once. */
  readonly concurrency: number
  readonly json: boolean
  /** Run with an inspector until Ctrl-C. */
  readonly inspect: boolean
  readonly help: boolean
}

export const HELP = `Rolls out marked 18 over marked 4 under load, and checks every answer.

Usage: npm start -- [options]

  (none)                the new version is verified, gets 5 %, then 25 % of the calls, takes over, and stays
  --break               the new version fails on some documents: it is judged, and leaves
  --break after         it begins to fail after it has taken over: the old version serves again
  --outage              both versions fail for a while: the new one stays
  --http                the versions are Hono applications, and the calls are HTTP requests over kept connections,
                        every fourth for a stream of events
  --handover <order>    no rollout, but one switch with setVersion:
                        sequential: the old version stops before the new one takes calls
                        overlap: the new version takes calls at once, the old one drains behind it
  --fleet <n>           no rollout, but a fleet of so many nodes, from 2 to 20, each in a process of its own: a good
                        version goes from wave to wave, then a bad one stops at its first. Needs nats-server.
  --host <where>        where the versions run: in-process, worker or process
                        (default: process; with --fleet in-process)
  --instances <n>       how many instances each version has, from 1 to 64 (default: 1)
  --duration <seconds>  how long it takes, from 1 to 600, fractions allowed (default: 10)
                        A rollout takes longer if a step has too few calls to judge the new version.
  --concurrency <n>     how many calls are in flight at once, from 1 to 1000 (default: 64)
  --inspect             open an inspector and switch back and forth until Ctrl-C
  --json                print one JSON object with all results, and nothing else
  --help, -h            print this text

Exit code: 0 if that happened, and every other call got one correct answer from a version that served; 1 if not; 2 for a
wrong option. With --json use "npm start --silent", because npm prints a header of its own.
`

const KNOWN = {
  break: { type: 'boolean' },
  outage: { type: 'boolean' },
  handover: { type: 'string' },
  http: { type: 'boolean' },
  fleet: { type: 'string' },
  host: { type: 'string' },
  instances: { type: 'string' },
  duration: { type: 'string' },
  concurrency: { type: 'string' },
  json: { type: 'boolean' },
  inspect: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Name = keyof typeof KNOWN
type Given = ReadonlyMap<Name, string>

const NAMES = Object.keys(KNOWN) as Name[]
/** The options that say what happens: one at a time. */
const ACTS = ['break', 'outage', 'handover', 'fleet', 'inspect'] as const satisfies readonly Name[]
const HANDOVERS = ['sequential', 'overlap'] as const satisfies readonly Handover[]
const HOST_NAMES = Object.keys(HOSTS) as HostName[]

/** @throws UserError with exit code 2 that names the option and its value */
export function parseOptions(args: readonly string[]): Options {
  const given = readArguments(args)
  refuseTogether(given)
  const handover = given.get('handover')
  return {
    fault: faultIn(given),
    handover: handover === undefined ? null : oneOf('handover', handover, HANDOVERS),
    http: given.has('http'),
    host: oneOf('host', given.get('host') ?? (given.has('fleet') ? 'in-process' : 'process'), HOST_NAMES),
    nodes: given.has('fleet') ? wholeIn('fleet', given.get('fleet') ?? '', 2, 20) : 0,
    instances: wholeIn('instances', given.get('instances') ?? '1', 1, 64),
    duration: numberIn('duration', given.get('duration') ?? '10', 'a number of seconds', 1, 600) * 1_000,
    concurrency: wholeIn('concurrency', given.get('concurrency') ?? '64', 1, 1_000),
    json: given.has('json'),
    inspect: given.has('inspect'),
    help: given.has('help'),
  }
}

/** Not strict, because the messages of `parseArgs` have several lines and omit the value. */
function readArguments(args: readonly string[]): Given {
  const { tokens } = parseArgs({ args: [...args], options: KNOWN, strict: false, tokens: true })
  const given = new Map<Name, string>()
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1]
    if (token.kind === 'option') given.set(...readOption(token.name, token.rawName, token.value))
    else if (token.kind === 'positional') {
      if (before?.kind !== 'option' || before.name !== 'break' || before.value !== undefined)
        throw wrong(
          `Unexpected argument ${JSON.stringify(token.value)}`,
          isKnown(token.value) ? `--${token.value}` : undefined,
        )
      given.set('break', token.value)
    }
  }
  return given
}

function readOption(name: string, rawName: string, value: string | undefined): [Name, string] {
  if (!isKnown(name)) throw wrong(`Unknown option ${JSON.stringify(rawName)}`, nearestOption(name))
  const takesValue = KNOWN[name].type === 'string'
  if (takesValue && value === undefined) throw wrong(`Option ${rawName} needs a value, got none`)
  if (!takesValue && value !== undefined && name !== 'break')
    throw wrong(`Option ${rawName} takes no value, got ${JSON.stringify(value)}`)
  return [name, value ?? '']
}

function isKnown(name: string): name is Name {
  return Object.hasOwn(KNOWN, name)
}

/** The word that a mistyped one was meant to be: a third of its letters may differ. */
function nearest(typed: string, words: readonly string[]): string | undefined {
  return closestMatch(typed, words, { maxDistance: Math.ceil(typed.length / 3) })
}

function nearestOption(typed: string): string | undefined {
  const name = nearest(typed.replace(/^-+/, ''), NAMES)
  return name === undefined ? undefined : `--${name}`
}

function refuseTogether(given: Given): void {
  const noHttp = (['handover', 'fleet', 'inspect'] as const).find(name => given.has('http') && given.has(name))
  if (noHttp !== undefined) throw wrong(`Options --http and --${noHttp} exclude each other`)
  const [first, second] = ACTS.filter(name => given.has(name))
  // An inspector shows either handover.
  if (first === undefined || second === undefined || (first === 'handover' && second === 'inspect')) return
  throw wrong(`Options --${first} and --${second} exclude each other`)
}

function faultIn(given: Given): Fault {
  if (given.has('outage')) return 'outage'
  const when = given.get('break')
  if (when === undefined) return 'none'
  if (when === '') return 'break'
  if (when === 'after') return 'break after'
  throw wrong(`Option --break takes after or nothing, got ${JSON.stringify(when)}`, nearest(when, ['after']))
}

function oneOf<Value extends string>(name: Name, value: string, values: readonly Value[]): Value {
  const found = values.find(each => each === value)
  if (found !== undefined) return found
  const choice = `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`
  throw wrong(`Option --${name} must be ${choice}, got ${JSON.stringify(value)}`, nearest(value, values))
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

function wrong(what: string, right?: string): UserError {
  return new UserError(`${what}.${right === undefined ? '' : ` Did you mean ${right}?`} See --help.`, 2)
}
