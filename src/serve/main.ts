#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { asError } from '../contract/index.js'
import { ASKING } from './commands/others.js'
import { serve } from './commands/serve.js'
import { readArguments } from './options/arguments.js'
import { settingsOf } from './options/settings.js'
import { helpText } from './print/help.js'
import { Terminal } from './print/terminal.js'
import { UserError } from './userError.js'

async function main(): Promise<number> {
  const terminal = new Terminal()
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
  return command === 'serve' ? serve(settings, terminal) : ASKING[command](settings, terminal)
}

try {
  process.exit(await main())
} catch (error) {
  process.stderr.write(`cutover: ${asError(error).message}\n`)
  process.exit(error instanceof UserError ? error.exitCode : 1)
}
