import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DEFAULT_MAX_FRAME_BYTES } from '../../protocol/frames.js'
import { HOST_VARIABLE } from '../../socketName.js'
import { invalidOption, object, strings, text } from '../../validate.js'
import type { ChildProcessOptions } from '../childProcess.js'
import { fileModule } from '../connectedOptions.js'
import { guestProgram } from '../guestProgram.js'
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
  const env = { ...environment(options.env), ...environment(config.env) }
  const where = { env, ...directoryOf(options), ...sandboxOf(options) }
  const command = config.command ?? (config.module === undefined ? options.command : undefined)
  if (command !== undefined) {
    return { ...where, file: text('command', command), args: strings('args', config.args ?? options.args ?? []) }
  }
  const module = config.module ?? options.module
  if (module !== undefined) return { ...where, ...moduleCommand(fileModule(module), options) }
  throw invalidOption('module', 'given, or "command", to childProcess() or in the config', module)
}

/** Node.js, with the guest program, which loads the module. */
function moduleCommand(module: URL, options: ChildProcessOptions) {
  const { execArgv, hostVariable = HOST_VARIABLE, maxFrameBytes = DEFAULT_MAX_FRAME_BYTES } = options
  const program = guestProgram('process', options.guestUrl)
  const script = program.file === undefined ? ['--input-type=commonjs', '-'] : [program.file]
  const files = [module.protocol === 'file:' ? fileURLToPath(module) : undefined, program.file]
  return {
    file: process.execPath,
    args: [...strings('execArgv', execArgv ?? []), ...script, module.href, hostVariable, String(maxFrameBytes)],
    ...(program.file === undefined ? { input: program.text } : {}),
    readOnly: files.filter(file => file !== undefined).flatMap(file => moduleMounts(dirname(file))),
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

function environment(given: Readonly<Record<string, string>> | undefined): Readonly<Record<string, string>> {
  if (given === undefined) return {}
  for (const [name, value] of Object.entries(object('env', given))) {
    if (typeof value !== 'string' || value.includes('\0'))
      throw invalidOption(`env.${name}`, 'a string without NUL', value)
    if (!/^[^=\0]+$/.test(name)) throw invalidOption('env', 'named without = and NUL', name)
  }
  return given
}
