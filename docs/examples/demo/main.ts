import { findReadmes, modulesFolder, tellingDocuments } from './documents.js'
import { figuresOf } from './figures.js'
import { plural } from './format.js'
import { installedEditions } from './marked.js'
import { HELP, type Options, parseOptions } from './options.js'
import { Refusal } from './refusal.js'
import { reportFor, write, writeError } from './report.js'
import { run, type Setup } from './run.js'
import { showcase } from './showcase.js'

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (!options.help) return demonstrate(options)
  write(HELP)
  return 0
}

async function demonstrate(options: Options): Promise<number> {
  const interruption = new AbortController()
  // Once only: whoever presses Ctrl-C twice means it.
  process.once('SIGINT', () => interruption.abort())
  // Whoever read the output has gone, as after "| head".
  process.stdout.on('error', () => interruption.abort())
  const editions = await installedEditions()
  const documents = await tellingDocuments(await findReadmes(modulesFolder()), editions)
  const setup = { options, editions, documents }
  if (options.inspect) return show(setup, interruption.signal)
  const report = reportFor(options)
  report.begin(setup)
  const figures = figuresOf(await run(setup, interruption.signal, report.watch))
  report.end(figures)
  return figures.ok ? 0 : 1
}

async function show(setup: Setup, interrupt: AbortSignal): Promise<number> {
  const { answered, failed, switches } = await showcase(setup, interrupt, line => write(`${line}\nCtrl-C ends it.\n`))
  write(`\n${plural(switches, 'takeover')}, ${plural(answered, 'call')} answered, ${failed} failed.\n`)
  return failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  writeError(error.message)
  process.exitCode = error.exitCode
}
