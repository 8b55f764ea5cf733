/** The command line of `cutover fleet`, and the environment behind it. */
import { parseArgs } from 'node:util'
import { nearest } from '../options/nearest.js'
import { UserError } from '../userError.js'
import {
  ARGUMENTS,
  FLEET_COMMANDS,
  FLEET_OPTION_NAMES,
  FLEET_OPTIONS,
  type FleetCommand,
  type FleetOptionName,
  type FleetSettings,
  fleetVariableOf,
  isFleetCommand,
  isFleetOption,
  isFleetVariable,
  isOptionOf,
} from './table.js'

/** The command line, read. */
export interface FleetArguments {
  readonly command: FleetCommand | 'help'
  /** The version of `deploy`, the reason of `halt`, or the node of `forget`. */
  readonly argument: string | undefined
  readonly settings: FleetSettings
}

type Texts = ReadonlyMap<FleetOptionName, string>

const HELP: FleetArguments = { command: 'help', argument: undefined, settings: {} }
const KNOWN = Object.fromEntries(
  FLEET_OPTION_NAMES.map(name => [name, { type: 'value' in FLEET_OPTIONS[name] ? 'string' : 'boolean' } as const]),
)

/** @param args - what follows `cutover fleet`. @throws UserError with exit code 2 */
export function readFleetArguments(args: readonly string[], env: NodeJS.ProcessEnv = process.env): FleetArguments {
  const options = { ...KNOWN, help: { type: 'boolean', short: 'h' } } as const
  // Not strict, because the messages of `parseArgs` have several lines and omit the value.
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const [given = 'help', argument, extra] = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []))
  if (given === 'help' || tokens.some(token => token.kind === 'option' && token.name === 'help')) return HELP
  if (!isFleetCommand(given)) {
    throw wrong(`Unknown command ${JSON.stringify(given)} of fleet`, nearest(given, Object.keys(FLEET_COMMANDS)))
  }
  const expected = ARGUMENTS[given]
  const unexpected = expected === undefined ? argument : extra
  if (unexpected !== undefined) throw wrong(`Unexpected argument ${JSON.stringify(unexpected)} of ${given}`)
  if (expected !== undefined && argument === undefined && given !== 'halt') {
    throw wrong(
      `${given} needs a ${expected}, such as cutover fleet ${given} ${given === 'deploy' ? '2.0.0' : 'web-3'}`,
    )
  }
  const texts = new Map<FleetOptionName, string>()
  for (const token of tokens) if (token.kind === 'option') texts.set(...readOption(token, given))
  return { command: given, argument, settings: settingsOf(given, texts, readVariables(env)) }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

function readOption({ name, rawName, value }: OptionToken, command: FleetCommand): [FleetOptionName, string] {
  if (!isFleetOption(name)) {
    const names = FLEET_OPTION_NAMES.filter(each => isOptionOf(each, command))
    const right = nearest(name.replace(/^-+/, ''), names)
    throw wrong(`Unknown option ${JSON.stringify(rawName)}`, right === undefined ? undefined : `--${right}`)
  }
  if (!isOptionOf(name, command)) {
    throw wrong(`Option ${rawName} belongs to ${FLEET_OPTIONS[name].of.join(' and ')}, not to ${command}`)
  }
  const takesValue = 'value' in FLEET_OPTIONS[name]
  if (takesValue && value === undefined) throw wrong(`Option ${rawName} needs a value, got none`)
  if (!takesValue && value !== undefined) throw wrong(`Option ${rawName} takes no value, got ${JSON.stringify(value)}`)
  return [name, value ?? '']
}

function readVariables(env: NodeJS.ProcessEnv): Texts {
  const names = new Map(FLEET_OPTION_NAMES.map(name => [fleetVariableOf(name), name]))
  const texts = new Map<FleetOptionName, string>()
  for (const [variable, text] of Object.entries(env)) {
    if (!isFleetVariable(variable) || text === undefined) continue
    const name = names.get(variable)
    if (name === undefined)
      throw wrong(`Unknown environment variable ${variable}`, nearest(variable, [...names.keys()]))
    texts.set(name, text)
  }
  return texts
}

function settingsOf(command: FleetCommand, texts: Texts, variables: Texts): FleetSettings {
  const settings: Record<string, unknown> = {}
  for (const name of FLEET_OPTION_NAMES) {
    const text = texts.get(name) ?? variables.get(name)
    if (text === undefined || !isOptionOf(name, command)) continue
    const { kind } = FLEET_OPTIONS[name]
    const value = kind.read(text)
    const source = texts.has(name) ? `Option --${name}` : fleetVariableOf(name)
    if (value === undefined) throw wrong(`${source} must be ${kind.form}, got ${JSON.stringify(text)}`)
    settings[name] = value
  }
  return settings as FleetSettings
}

/** @param right - what was meant */
export function wrong(what: string, right?: string): UserError {
  return new UserError(`${what}.${right === undefined ? '' : ` Did you mean ${right}?`} See cutover fleet --help.`, 2)
}
