import { availableParallelism, homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import type { RolloutStep } from '../../rollout/index.js'
import { type Arguments, wrong } from './arguments.js'
import { readConfiguration } from './configuration.js'
import { nearest } from './nearest.js'
import {
  belongsTo,
  type Command,
  type Given,
  isOurVariable,
  OPTION_NAMES,
  OPTIONS,
  type OptionName,
  variableOf,
} from './table.js'

/** The options of a rollout, as `deploy` sends them: those that it was given. Times are in ms. */
export interface PlanSettings {
  readonly verify?: string | undefined
  readonly verifyTimeout?: number | undefined
  readonly startTimeout?: number | undefined
  readonly steps?: readonly RolloutStep[] | undefined
  readonly soak?: number | undefined
  readonly maxErrorRate?: number | undefined
  readonly minRequests?: number | undefined
}

/** The options of all commands, with the defaults filled in. */
export interface Settings {
  /** The application's path, absolute. */
  readonly path: string | undefined
  readonly state: string
  readonly plan: PlanSettings
  readonly port: number
  readonly host: string | undefined
  readonly instances: number
  /** ms */
  readonly drain: number
  readonly inspect: boolean
  readonly metrics: number | undefined
  readonly force: boolean
  readonly json: boolean
  readonly watch: boolean
  readonly follow: boolean
}

/** Reads the configuration file and the environment behind the command line. @throws UserError with exit code 2 */
export async function settingsOf(
  { path, texts }: Arguments,
  command: Command,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Settings> {
  const inEnv = readVariables(env)
  const config = await readConfiguration(texts.get('config') ?? inEnv.get('config'))
  const sources: readonly (readonly [ReadonlyMap<OptionName, string>, (name: OptionName) => string])[] = [
    [texts, name => `Option --${name}`],
    [inEnv, variableOf],
    [config.texts, name => `Option ${name} of the configuration`],
  ]
  const given: Record<string, unknown> = {}
  for (const name of OPTION_NAMES) {
    const source = sources.find(([source]) => source.has(name))
    if (source === undefined || !belongsTo(name, command)) continue
    const [values, nameIt] = source
    given[name] = parsed(name, values.get(name) ?? '', nameIt(name))
  }
  return compile(given as Given, path ?? config.app)
}

function readVariables(env: NodeJS.ProcessEnv): ReadonlyMap<OptionName, string> {
  const names = new Map(OPTION_NAMES.map(name => [variableOf(name), name]))
  const texts = new Map<OptionName, string>()
  for (const [variable, text] of Object.entries(env)) {
    if (!isOurVariable(variable) || text === undefined) continue
    const name = names.get(variable)
    if (name === undefined)
      throw wrong(`Unknown environment variable ${variable}`, nearest(variable, [...names.keys()]))
    texts.set(name, text)
  }
  return texts
}

function parsed(name: OptionName, text: string, source: string): unknown {
  const { kind } = OPTIONS[name]
  const value = kind.read(text)
  if (value !== undefined) return value
  throw wrong(`${source} must be ${kind.form}, got ${JSON.stringify(text)}`)
}

function compile(given: Given, path: string | undefined): Settings {
  const { verify } = given
  if (verify !== undefined && !isModule(verify) && !verify.startsWith('/')) {
    throw wrong(`Option verify must be a path that begins with /, or a module file, got ${JSON.stringify(verify)}`)
  }
  return {
    path: path === undefined ? undefined : resolve(path),
    state: resolve(given.state ?? defaultState()),
    plan: {
      verify: verify !== undefined && isModule(verify) ? resolve(verify) : verify,
      verifyTimeout: given['verify-timeout'],
      startTimeout: given['start-timeout'],
      steps: given.steps,
      soak: given.soak,
      maxErrorRate: given['max-error-rate'],
      minRequests: given['min-requests'],
    },
    port: given.port ?? 3000,
    host: given.host,
    instances: given.instances ?? availableParallelism(),
    drain: given.drain ?? 30_000,
    inspect: given.inspect ?? false,
    metrics: given.metrics,
    force: given.force ?? false,
    json: given.json ?? false,
    watch: given.watch ?? false,
    follow: given.follow ?? false,
  }
}

/** Whether `--verify` names a module, and not a path of the application. */
export function isModule(verify: string): boolean {
  return /\.[cm]?[jt]s$/.test(verify)
}

function defaultState(): string {
  const given = process.env['XDG_STATE_HOME'] ?? ''
  return join(isAbsolute(given) ? given : join(homedir(), '.local', 'state'), 'cutover')
}
