import { fileURLToPath } from 'node:url'
import { invalidOption, object, strings, text } from '../../contract/index.js'
import { type GuestLimits, HOST_VARIABLE } from '../../protocol/internal.js'
import { fileModule } from '../connected/connectedOptions.js'
import { guestProgram } from '../guestProgram.js'
import type { RuntimeConfig } from '../provisioner.js'
import type { ChildProcessOptions } from './childProcessOptions.js'
import type { Sandbox } from './command.js'
import { compileCacheOf } from './compileCache.js'
import type { SandboxedCommand } from './processLauncher.js'
import { entryMounts, moduleMounts } from './sandbox/moduleMounts.js'

/** A command, and the module that it makes Node.js load, if any. */
interface GuestCommand extends SandboxedCommand {
  readonly module?: URL
}

/**
 * The command to run. The first of these that is set decides: `command` of the config, `module` of the config, `command`
 * of the options, `module` of the options.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function commandOf(
  options: ChildProcessOptions,
  config: Partial<RuntimeConfig>,
  limits: GuestLimits,
): GuestCommand {
  const env = { ...environment(options.env), ...environment(config.env) }
  const cache = compileCacheOf(options)
  const where = { env, ...directoryOf(options), ...sandboxOf(options) }
  const command = config.command ?? (config.module === undefined ? options.command : undefined)
  if (command !== undefined) {
    const args = argumentsOf('args', config.args ?? options.args ?? [])
    return { ...where, file: withoutNul('command', text('command', command)), args }
  }
  const module = config.module ?? options.module
  if (module !== undefined) {
    return { ...where, env: { ...cache, ...env }, ...moduleCommand(fileModule(module), options, limits) }
  }
  throw invalidOption('module', 'given, or "command", to childProcess() or in the config', module)
}

/** Node.js, with the guest program, which loads the module and keeps to the limits. */
function moduleCommand(module: URL, options: ChildProcessOptions, limits: GuestLimits) {
  const { execArgv, hostVariable = HOST_VARIABLE } = options
  const program = guestProgram('process', options.guestUrl)
  const script = program.file === undefined ? ['--input-type=commonjs', '-'] : [program.file]
  return {
    module,
    file: process.execPath,
    args: [...argumentsOf('execArgv', execArgv ?? []), ...script, module.href, hostVariable, JSON.stringify(limits)],
    ...(program.file === undefined ? { input: program.text } : {}),
  }
}

/** The files that the sandbox, if there is one, mounts so that Node.js can load `module`. */
export function moduleFiles({ sandbox, guestUrl }: ChildProcessOptions, module: URL | undefined): readonly string[] {
  if (sandbox === undefined || module === undefined) return []
  const { file: program } = guestProgram('process', guestUrl)
  const ofModule = module.protocol === 'file:' ? moduleMounts(fileURLToPath(module)) : []
  return program === undefined ? ofModule : [...ofModule, ...entryMounts(program)]
}

function directoryOf({ cwd }: ChildProcessOptions): { readonly cwd?: string } {
  return cwd === undefined ? {} : { cwd: withoutNul('cwd', text('cwd', cwd)) }
}

function sandboxOf({ sandbox }: ChildProcessOptions): { readonly sandbox?: Sandbox } {
  if (sandbox === undefined) return {}
  if (typeof object('sandbox', sandbox).wrap === 'function') return { sandbox }
  throw invalidOption('sandbox', 'a sandbox, such as bubblewrap()', sandbox)
}

function argumentsOf(name: string, given: readonly string[]): readonly string[] {
  return strings(name, given).map(value => withoutNul(name, value))
}

/** The system ends a text where there is a NUL. */
function withoutNul(name: string, value: string): string {
  if (value.includes('\0')) throw invalidOption(name, 'without NUL', value)
  return value
}

function environment(given: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (given === undefined) return {}
  for (const [name, value] of Object.entries(object('env', given))) {
    if (typeof value !== 'string' || value.includes('\0'))
      throw invalidOption(`env.${name}`, 'a string without NUL', value)
    if (!/^[^=\0]+$/.test(name)) throw invalidOption('env', 'named without = and NUL', name)
  }
  return given
}
