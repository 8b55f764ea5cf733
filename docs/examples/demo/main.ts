import type { Handover } from 'cutover'
import { distinctDocuments, findReadmes, modulesFolder } from './documents.js'
import { fleetReportFor } from './fleet/report.js'
import { fleetResultsOf } from './fleet/results.js'
import { runFleet } from './fleet/run.js'
import { plural } from './format.js'
import { runWithInspector } from './inspect.js'
import { installedVersions } from './markedVersions.js'
import { HELP, type Options, parseOptions } from './options.js'
import { write, writeError } from './output.js'
import { rolloutReportFor } from './rollout/report.js'
import { rolloutResultsOf } from './rollout/results.js'
import { runRollout } from './rollout/run.js'
import type { Setup } from './setup.js'
import { reportFor } from './switch/report.js'
import { resultsOf } from './switch/results.js'
import { run } from './switch/run.js'
import { UserError } from './userError.js'

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args)
  if (!options.help) return demonstrate(options)
  write(HELP)
  return 0
}

async function demonstrate(options: Options): Promise<number> {
  const interruption = new AbortController()
  // Only once, so that a second Ctrl-C kills the process.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
  // The reader of the output has exited, as with "| head".
  process.stdout.on('error', () => interruption.abort())
  const versions = await installedVersions()
  const documents = await distinctDocuments(await findReadmes(modulesFolder()), versions)
  const setup = { options, versions, documents }
  if (options.inspect) return inspect(setup, interruption.signal)
  if (options.nodes > 0) return fleet(setup, interruption.signal)
  if (options.handover !== null) return switchOver(setup, options.handover, interruption.signal)
  return rollOut(setup, interruption.signal)
}

async function rollOut(setup: Setup, interrupt: AbortSignal): Promise<number> {
  const report = rolloutReportFor(setup.options)
  report.begin(setup)
  const results = rolloutResultsOf(await runRollout(setup, interrupt, report.view))
  report.end(results)
  return results.ok ? 0 : 1
}

async function switchOver(setup: Setup, handover: Handover, interrupt: AbortSignal): Promise<number> {
  const report = reportFor(setup.options, handover)
  report.begin(setup)
  const results = resultsOf(await run(setup, handover, interrupt, report.progress))
  report.end(results)
  return results.ok ? 0 : 1
}

async function fleet(setup: Setup, interrupt: AbortSignal): Promise<number> {
  const report = fleetReportFor(setup.options)
  report.begin(setup)
  const results = fleetResultsOf(await runFleet(setup, interrupt, report.view))
  report.end(results)
  return results.ok ? 0 : 1
}

async function inspect(setup: Setup, interrupt: AbortSignal): Promise<number> {
  const { answered, failed, switches } = await runWithInspector(setup, interrupt, line =>
    write(`${line}\nPress Ctrl-C to stop.\n`),
  )
  write(`\n${plural(switches, 'takeover')}, ${plural(answered, 'call')} answered, ${failed} failed.\n`)
  return failed === 0 ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UserError)) throw error
  writeError(error.message)
  process.exitCode = error.exitCode
}
