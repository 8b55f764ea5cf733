import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RolloutStep } from '../../rollout/index.js'
import { UserError } from '../userError.js'
import { wrong } from './arguments.js'
import { nearest } from './nearest.js'
import { inCamelCase, OPTION_NAMES, OPTIONS, type OptionName } from './table.js'

/** A time: in ms, or a text with a unit such as `30s`. */
type Time = number | string

/** The configuration file of `cutover serve`. What the command line or the environment gives goes first. */
export interface ServeConfig {
  /** The application: a module that exports `fetch`, or a folder whose `package.json` names one as `main`. */
  readonly app?: string | undefined
  /** The port; 0 for a free one. @default 3000 */
  readonly port?: number | undefined
  /** The address to listen on. @default all addresses of the machine */
  readonly host?: string | undefined
  /** How many processes each version has. @default the number of cores */
  readonly instances?: number | undefined
  /** A path that must answer 2xx, or a module that exports `verify`, before a version gets requests. @default none */
  readonly verify?: string | undefined
  /** How long `verify` may take. @default 30s */
  readonly verifyTimeout?: Time | undefined
  /** How long a version may take to start. @default 30s */
  readonly startTimeout?: Time | undefined
  /** The shares that a new version gets, one after another: a text such as `10:30s,50:30s`, or steps with `for` in ms. @default [] */
  readonly steps?: string | readonly RolloutStep[] | undefined
  /** How long the old version stays up after the switch. @default 30s */
  readonly soak?: Time | undefined
  /** A version with a larger share of failed requests leaves: from 0 to 1, or a text such as `5%`. @default none */
  readonly maxErrorRate?: number | string | undefined
  /** How many requests a version needs in each step. @default 0 */
  readonly minRequests?: number | undefined
  /** How long requests may take to finish on a version that leaves. @default 30s */
  readonly drain?: Time | undefined
  /** Whether a page shows the state diagrams. Needs the package `ws`. @default false */
  readonly inspect?: boolean | undefined
  /** The port for Prometheus. Needs the package `prom-client`. @default none */
  readonly metrics?: number | undefined
  /** The folder of the releases and of the socket. @default `cutover` in the XDG state home */
  readonly state?: string | undefined
}

/** Types the configuration in `cutover.config.mjs`. */
export function defineConfig(config: ServeConfig): ServeConfig {
  return config
}

/** The options of a configuration file, as the texts that the command line would have. */
export interface Configuration {
  readonly app: string | undefined
  readonly texts: ReadonlyMap<OptionName, string>
}

const DEFAULT_FILE = 'cutover.config.mjs'
/** The options that belong to one command, and not to a file. */
const NOT_IN_FILES: readonly OptionName[] = ['config', 'force', 'json', 'watch', 'follow']
const NAMES = new Map(OPTION_NAMES.filter(name => !NOT_IN_FILES.includes(name)).map(name => [inCamelCase(name), name]))

/** @param given - the file of `--config`. @throws UserError with exit code 2 */
export async function readConfiguration(given: string | undefined): Promise<Configuration> {
  const file = resolve(given ?? DEFAULT_FILE)
  const texts = new Map<OptionName, string>()
  if (given === undefined && !existsSync(file)) return { app: undefined, texts }
  const loaded = await load(file)
  let app: string | undefined
  for (const [name, value] of Object.entries(loaded)) {
    if (value === undefined) continue
    const option = NAMES.get(name)
    if (name === 'app' && typeof value === 'string') app = value
    else if (option === undefined) {
      const right = nearest(name, ['app', ...NAMES.keys()])
      throw wrong(`Unknown option ${JSON.stringify(name)} in ${file}`, right)
    } else texts.set(option, textOf(option, value))
  }
  return { app, texts }
}

async function load(file: string): Promise<object> {
  try {
    const { default: config } = (await import(pathToFileURL(file).href)) as { readonly default?: unknown }
    if (typeof config === 'object' && config !== null) return config
  } catch (cause) {
    throw new UserError(`The configuration ${file} cannot be loaded: ${(cause as Error).message}`, 2, cause)
  }
  throw new UserError(`The configuration ${file} must export an object as default.`, 2)
}

function textOf(name: OptionName, value: unknown): string {
  if (Array.isArray(value)) return value.map(step => `${step?.percent}:${step?.for}ms`).join()
  const isTime = 'value' in OPTIONS[name] && OPTIONS[name].value === '<time>'
  return isTime && typeof value === 'number' ? `${value}ms` : String(value)
}
