/** The commands and the options of `cutover fleet`. */
import { duration, flag, type Kind, whole, words } from '../options/values.js'
import { servers, waves } from './values.js'

/** The commands, with the one line that says what each does. */
export const FLEET_COMMANDS = {
  status: 'say where the fleet stands, node by node',
  deploy: 'move the fleet to a version, in waves; exits when all nodes run it (0) or the fleet was halted (1)',
  pause: 'let no node begin, and no wave open',
  resume: 'end a pause',
  halt: 'take all nodes back to the version before, at once',
  history: 'list what was deployed, and when',
  forget: 'remove the registration of a node that will not be back',
} as const

export type FleetCommand = keyof typeof FLEET_COMMANDS

/** The argument of each command. Those without an entry take none; that of `halt` may be left out. */
export const ARGUMENTS: Readonly<Partial<Record<FleetCommand, string>>> = {
  deploy: 'version',
  halt: 'reason',
  forget: 'node',
}

interface FleetOption<Value> {
  readonly kind: Kind<Value>
  /** The commands that take it. */
  readonly of: readonly FleetCommand[]
  /** The name of its value in the help; flags have none. */
  readonly value?: string
  readonly help: string
}

const ALL = Object.keys(FLEET_COMMANDS) as FleetCommand[]
const DEPLOY = ['deploy'] as const

export const FLEET_OPTIONS = {
  fleet: { of: ALL, kind: words, value: '<name>', help: 'the name of the fleet; required' },
  server: {
    of: ALL,
    kind: servers,
    value: '<url>',
    help: 'the NATS server, or several with commas (default: nats://127.0.0.1:4222)',
  },
  creds: { of: ALL, kind: words, value: '<file>', help: 'the credentials file of the user' },
  user: { of: ALL, kind: words, value: '<name>', help: 'the user, with a password' },
  password: { of: ALL, kind: words, value: '<text>', help: 'its password; better in the environment' },
  token: { of: ALL, kind: words, value: '<text>', help: 'a token instead; better in the environment' },
  tls: { of: ALL, kind: flag, help: 'refuse a server without TLS' },
  'tls-ca': {
    of: ALL,
    kind: words,
    value: '<file>',
    help: 'the certificate of the authority that the server must have',
  },
  'tls-cert': { of: ALL, kind: words, value: '<file>', help: 'the certificate of this client' },
  'tls-key': { of: ALL, kind: words, value: '<file>', help: 'its private key' },
  heartbeat: {
    of: ALL,
    kind: duration,
    value: '<time>',
    help: 'the time between two heartbeats of a node, as joinFleet() has it (default: 2s)',
  },
  waves: {
    of: DEPLOY,
    kind: waves,
    value: '<waves>',
    help: 'shares of the nodes, and how long each node soaks, such as 1,10:5m,100 (default: 1,10,50,100)',
  },
  'max-failed': {
    of: DEPLOY,
    kind: whole(0, 1_000_000),
    value: '<n>',
    help: 'how many nodes may fail before the fleet is halted (default: 0)',
  },
  previous: {
    of: DEPLOY,
    kind: words,
    value: '<version>',
    help: 'the version to go back to (default: the one that is permanent)',
  },
  force: { of: DEPLOY, kind: flag, help: 'also while another version is under way, or if the record is damaged' },
  'no-wait': { of: DEPLOY, kind: flag, help: 'exit when the first wave is open' },
  timeout: {
    of: DEPLOY,
    kind: duration,
    value: '<time>',
    help: 'exit with 1 if it takes longer; the fleet goes on (default: none)',
  },
  json: { of: ['status', 'history'], kind: flag, help: 'print JSON' },
  watch: { of: ['status'], kind: flag, help: 'print it again when it changes, until Ctrl-C' },
} as const satisfies Record<string, FleetOption<unknown>>

export type FleetOptionName = keyof typeof FLEET_OPTIONS

type ValueOf<Name extends FleetOptionName> =
  (typeof FLEET_OPTIONS)[Name]['kind'] extends Kind<infer Value> ? Value : never

/** The values of the options that were given. */
export type FleetSettings = { readonly [Name in FleetOptionName]?: ValueOf<Name> }

export const FLEET_OPTION_NAMES = Object.keys(FLEET_OPTIONS) as FleetOptionName[]

export function isFleetOption(name: string): name is FleetOptionName {
  return Object.hasOwn(FLEET_OPTIONS, name)
}

export function isFleetCommand(name: string): name is FleetCommand {
  return Object.hasOwn(FLEET_COMMANDS, name)
}

export function isOptionOf(name: FleetOptionName, command: FleetCommand): boolean {
  return (FLEET_OPTIONS[name].of as readonly FleetCommand[]).includes(command)
}

const PREFIX = 'CUTOVER_FLEET'

/** `tls-ca` is `CUTOVER_FLEET_TLS_CA` in the environment, and `fleet` is `CUTOVER_FLEET`. */
export function fleetVariableOf(name: FleetOptionName): string {
  return name === 'fleet' ? PREFIX : `${PREFIX}_${name.replaceAll('-', '_').toUpperCase()}`
}

export function isFleetVariable(name: string): boolean {
  return name === PREFIX || name.startsWith(`${PREFIX}_`)
}
