import { duration, flag, type Kind, rate, steps, timeout, whole, words } from './values.js'

/** The verbs of the command line, with the one line that says what each does. */
export const COMMANDS = {
  serve: 'serve an application until SIGTERM; SIGHUP deploys the same path again',
  deploy: 'roll out a new version of it; exits when that stays (0) or has left again (1)',
  status: 'say which version serves, and how a rollout goes',
  rollback: 'go back to the version before',
  cancel: 'end the rollout under way: the version before it serves',
  logs: 'print what the application has written lately',
  stop: 'let requests finish, then end the service',
} as const

export type Command = keyof typeof COMMANDS

interface Option<Value> {
  readonly kind: Kind<Value>
  /** The commands that take it. */
  readonly of: readonly Command[]
  /** The name of its value in the help; flags have none. */
  readonly value?: string
  readonly short?: string
  readonly help: string
}

const option = <Value>(
  of: readonly Command[],
  kind: Kind<Value>,
  value: string | undefined,
  help: string,
  short?: string,
): Option<Value> => ({
  of,
  kind,
  help,
  ...(value === undefined ? {} : { value }),
  ...(short === undefined ? {} : { short }),
})

const ALL = Object.keys(COMMANDS) as Command[]
const SERVE = ['serve'] as const
/** `serve` has them as the defaults of each `deploy`. */
const PLAN = ['serve', 'deploy'] as const
const PORT = whole(0, 65_535)

export const OPTIONS = {
  port: option(SERVE, PORT, '<n>', 'the port; 0 for a free one (default: 3000)'),
  host: option(SERVE, words, '<address>', 'the address to listen on (default: all of the machine)'),
  instances: option(SERVE, whole(1, 1_000), '<n>', 'processes for each version (default: the number of cores)'),
  verify: option(
    PLAN,
    words,
    '<path>',
    'a path that must answer 2xx, or a module that exports verify, before a version gets requests',
  ),
  'verify-timeout': option(PLAN, timeout, '<time>', 'how long that may take (default: 30s)'),
  'start-timeout': option(PLAN, timeout, '<time>', 'how long a version may take to start (default: 30s)'),
  steps: option(
    PLAN,
    steps,
    '<steps>',
    'shares of the requests and their times, such as 10:30s,50:30s (default: none)',
  ),
  soak: option(PLAN, duration, '<time>', 'how long the old version stays up after the switch (default: 30s)'),
  'max-error-rate': option(
    PLAN,
    rate,
    '<share>',
    'a version with more failed requests leaves, such as 5% (default: none)',
  ),
  'min-requests': option(PLAN, whole(0, 1_000_000), '<n>', 'requests that a version needs in each step (default: 0)'),
  force: option(['deploy'], flag, undefined, 'also while another version soaks, which leaves first'),
  drain: option(
    SERVE,
    duration,
    '<time>',
    'how long requests may take to finish on a version that leaves (default: 30s)',
  ),
  inspect: option(SERVE, flag, undefined, 'show the state diagrams on a page; needs the package ws'),
  metrics: option(SERVE, PORT, '<port>', 'serve figures for Prometheus; needs the package prom-client'),
  state: option(ALL, words, '<folder>', 'where releases and the socket are (default: cutover in the XDG state home)'),
  config: option(ALL, words, '<file>', 'the configuration file (default: cutover.config.mjs, if there is one)'),
  json: option(['status'], flag, undefined, 'print one JSON object'),
  watch: option(['status'], flag, undefined, 'print it again and again, until Ctrl-C'),
  follow: option(['logs'], flag, undefined, 'go on until Ctrl-C', 'f'),
} as const satisfies Record<string, Option<unknown>>

export type OptionName = keyof typeof OPTIONS

type ValueOf<Name extends OptionName> = (typeof OPTIONS)[Name]['kind'] extends Kind<infer Value> ? Value : never

/** The values of the options that were given anywhere. */
export type Given = { readonly [Name in OptionName]?: ValueOf<Name> }

export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[]

export function isOption(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

export function isCommand(name: string): name is Command {
  return Object.hasOwn(COMMANDS, name)
}

export function belongsTo(name: OptionName, command: Command): boolean {
  return (OPTIONS[name].of as readonly Command[]).includes(command)
}

/** `max-error-rate` is `maxErrorRate` in the configuration file. */
export function inCamelCase(name: OptionName): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

const PREFIX = 'CUTOVER_SERVE_'

/** `max-error-rate` is `CUTOVER_SERVE_MAX_ERROR_RATE` in the environment. */
export function variableOf(name: OptionName): string {
  return `${PREFIX}${name.replaceAll('-', '_').toUpperCase()}`
}

export function isOurVariable(name: string): boolean {
  return name.startsWith(PREFIX)
}
