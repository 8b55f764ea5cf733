import { parseArgs } from 'node:util'
import { UserError } from '../userError.js'
import { nearest } from './nearest.js'
import {
  belongsTo,
  COMMANDS,
  type Command,
  isCommand,
  isOption,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
} from './table.js'

/** The command line, read. */
export interface Arguments {
  readonly command: Command | 'help' | 'version'
  /** The path of the application. */
  readonly path: string | undefined
  /** The texts of the options. */
  readonly texts: ReadonlyMap<OptionName, string>
}

const KNOWN = Object.fromEntries(
  OPTION_NAMES.map(name => {
    const { value, short }: { readonly value?: string; readonly short?: string } = OPTIONS[name]
    const type = value === undefined ? ('boolean' as const) : ('string' as const)
    return [name, short === undefined ? { type } : { type, short }]
  }),
)
const HELP = { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } } as const

/** Not strict, because the messages of `parseArgs` have several lines and omit the value. @throws UserError with exit code 2 */
export function readArguments(args: readonly string[]): Arguments {
  const { tokens } = parseArgs({ args: [...args], options: { ...KNOWN, ...HELP }, strict: false, tokens: true })
  const named = tokens.flatMap(token => (token.kind === 'option' ? [token.name] : []))
  const positional = tokens.flatMap(token => (token.kind === 'positional' ? [token.value] : []))
  const [given = 'help', path, extra] = positional
  const isAbout = named.includes('version')
    ? 'version'
    : named.includes('help') || given === 'help'
      ? 'help'
      : undefined
  if (isAbout !== undefined) return { command: isAbout, path: undefined, texts: new Map() }
  if (!isCommand(given))
    throw wrong(`Unknown command ${JSON.stringify(given)}`, nearest(given, [...Object.keys(COMMANDS), 'fleet']))
  const takesPath = given === 'serve' || given === 'deploy'
  const unexpected = takesPath ? extra : path
  if (unexpected !== undefined) throw wrong(`Unexpected argument ${JSON.stringify(unexpected)} of ${given}`)
  const texts = new Map<OptionName, string>()
  for (const token of tokens) if (token.kind === 'option') texts.set(...readOption(token, given))
  return { command: given, path, texts }
}

interface OptionToken {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

function readOption({ name, rawName, value }: OptionToken, command: Command): [OptionName, string] {
  if (!isOption(name)) throw wrong(`Unknown option ${JSON.stringify(rawName)}`, nearestOption(name, command))
  if (!belongsTo(name, command)) {
    throw wrong(`Option ${rawName} belongs to ${OPTIONS[name].of.join(' and ')}, not to ${command}`)
  }
  const takesValue = 'value' in OPTIONS[name]
  if (takesValue && value === undefined) throw wrong(`Option ${rawName} needs a value, got none`)
  if (!takesValue && value !== undefined) throw wrong(`Option ${rawName} takes no value, got ${JSON.stringify(value)}`)
  return [name, value ?? '']
}

function nearestOption(typed: string, command: Command): string | undefined {
  const names = OPTION_NAMES.filter(name => belongsTo(name, command))
  const name = nearest(typed.replace(/^-+/, ''), names)
  return name === undefined ? undefined : `--${name}`
}

/** @param right - what was meant */
export function wrong(what: string, right?: string): UserError {
  return new UserError(`${what}.${right === undefined ? '' : ` Did you mean ${right}?`} See cutover --help.`, 2)
}
