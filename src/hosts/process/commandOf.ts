import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { invalidOption, object, text } from '../../validate.js'
import type { ChildProcessOptions } from '../childProcess.js'
import { fileModule } from '../connectedOptions.js'
import type { RuntimeConfig } from '../provisioner.js'
import type { Sandbox } from './command.js'
import { moduleMounts } from './moduleMounts.js'
import type { SandboxedCommand } from './processCarrier.js'

/**
 * What to run for a config, which goes before the options: its command, its module, the command of the options, the
 * module of the options, in this order.
 *
 * @throws CutoverError `CUTOVER_INVALID_OPTION`
 */
export function commandOf(options: ChildProcessOptions, config: Partial<RuntimeConfig>): SandboxedCommand {
  const env = { ...texts('env', options.env), ...texts('env', config.env) }
  const where = { env, ...directoryOf(options), ...sandboxOf(options) }
  const command = config.command ?? (config.module === undefined ? options.command : undefined)
  if (command !== undefined) {
    return { ...where, file: text('command', command), args: list('args', config.args ?? options.args) }
  }
  const module = config.module ?? options.module
  if (module !== undefined) return { ...where, ...moduleCommand(fileModule(module), options) }
  throw invalidOption('module', 'given, or "command", to childProcess() or in the config', module)
}

/** Node.js, with our guest entry, which loads the module. */
function moduleCommand(module: URL, { execArgv, hostVariable = 'CUTOVER_HOST' }: ChildProcessOptions) {
  const entry = createRequire(import.meta.url).resolve('#guest/process')
  const ofModule = module.protocol === 'file:' ? [dirname(fileURLToPath(module))] : []
  const ofLibrary = join(dirname(entry), '../..')
  return {
    file: process.execPath,
    args: [...list('execArgv', execArgv), entry, module.href, hostVariable],
    readOnly: [...ofModule, ofLibrary].flatMap(moduleMounts),
  }
}

function directoryOf({ cwd }: ChildProcessOptions): { readonly cwd?: string } {
  return cwd === undefined ? {} : { cwd: text('cwd', cwd) }
}

function sandboxOf({ sandbox }: ChildProcessOptions): { readonly sandbox?: Sandbox } {
  if (sandbox === undefined) return {}
  if (typeof object('sandbox', sandbox).wrap === 'function') return { sandbox }
  throw invalidOption('sandbox', 'a sandbox, such as bubblewrap()', sandbox)
}

function list(name: string, value: readonly string[] | undefined): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every(item => typeof item === 'string')) return value
  throw invalidOption(name, 'an array of strings', value)
}

function texts(name: string, value: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (Object.values(object(name, value)).every(item => typeof item === 'string')) return value
  throw invalidOption(name, 'an object of strings', value)
}
