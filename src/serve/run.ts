import { readFileSync } from 'node:fs'
import { ASKING } from './commands/others.js'
import { readArguments } from './options/arguments.js'
import { settingsOf } from './options/settings.js'
import { helpText } from './print/help.js'
import { Terminal } from './print/terminal.js'
import { UserError } from './userError.js'

/** Where a command prints, and the environment that it reads. */
export interface Surroundings {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WritableStream
  readonly env: NodeJS.ProcessEnv
}

/** Runs the command line. An error is printed in one line. @returns the exit code */
export async function run(args: readonly string[], { stdout, stderr, env }: Surroundings): Promise<number> {
  try {
    return await runCommand(args, new Terminal(stdout, env), env)
  } catch (error) {
    stderr.write(`cutover: ${error instanceof Error ? error.message : error}\n`)
    return error instanceof UserError ? error.exitCode : 1
  }
}

async function runCommand(args: readonly string[], terminal: Terminal, env: NodeJS.ProcessEnv): Promise<number> {
  const [first, ...others] = args
  if (first === 'fleet') {
    const { fleet } = await import('./fleet/fleet.js')
    return fleet(others, terminal, env)
  }
  const given = readArguments(args)
  const { command } = given
  if (command === 'help') {
    terminal.line(helpText().trimEnd())
    return 0
  }
  if (command === 'version') {
    const manifest = readFileSync(new URL(import.meta.resolve('cutover/package.json')), 'utf8')
    terminal.line((JSON.parse(manifest) as { readonly version: string }).version)
    return 0
  }
  const settings = await settingsOf(given, command, env)
  if (command !== 'serve') return ASKING[command](settings, terminal)
  // The other commands start sooner without the library.
  const { serve } = await import('./commands/serve.js')
  return serve(settings, terminal)
}
