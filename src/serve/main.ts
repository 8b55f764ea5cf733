#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { ASKING } from './commands/others.js'
import { readArguments } from './options/arguments.js'
import { settingsOf } from './options/settings.js'
import { helpText } from './print/help.js'
import { Terminal } from './print/terminal.js'
import { UserError } from './userError.js'

async function main(): Promise<number> {
  const terminal = new Terminal()
  const [first, ...others] = process.argv.slice(2)
  if (first === 'fleet') {
    const { fleet } = await import('./fleet/fleet.js')
    return fleet(others, terminal)
  }
  const given = readArguments(process.argv.slice(2))
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
  const settings = await settingsOf(given, command)
  if (command !== 'serve') return ASKING[command](settings, terminal)
  // The other commands start sooner without the library.
  const { serve } = await import('./commands/serve.js')
  return serve(settings, terminal)
}

try {
  process.exit(await main())
} catch (error) {
  process.stderr.write(`cutover: ${error instanceof Error ? error.message : error}\n`)
  process.exit(error instanceof UserError ? error.exitCode : 1)
}
