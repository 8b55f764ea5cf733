import { plural } from './format.js'
import type { HostName } from './markdown.js'
import type { Options } from './options.js'
import { plainLines, rewrittenLine, silent, type Write } from './progress.js'
import type { Results } from './results.js'
import type { ProgressView, Setup } from './run.js'
import { summaryOf } from './summary.js'

/** The output before, during and after a run. */
export interface Report {
  begin(setup: Setup): void
  readonly progress: ProgressView
  end(results: Results): void
}

const WHERE: Readonly<Record<HostName, string>> = {
  'in-process': 'in this process',
  worker: 'in worker threads',
  process: 'in child processes',
}

/** The columns of a terminal that does not report its width. */
const DEFAULT_COLUMNS = 80

/** The only function that writes to stdout. */
export const write: Write = text => {
  process.stdout.write(text)
}

export function writeError(message: string): void {
  process.stderr.write(`${message}\n`)
}

export function reportFor(options: Options): Report {
  return options.json ? jsonReport(options) : readableReport(options)
}

function jsonReport({ handover, host, duration, concurrency }: Options): Report {
  return {
    begin: () => {},
    progress: silent,
    end: results =>
      write(`${JSON.stringify({ handover, host, duration, concurrency, ...results }, microseconds, 2)}\n`),
  }
}

/** Rounds times to microseconds; further digits are noise. */
function microseconds(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value
}

function readableReport({ duration }: Options): Report {
  const { isTTY, columns } = process.stdout
  const isTerminal = isTTY && process.env['TERM'] !== 'dumb'
  return {
    begin: setup => write(`${introOf(setup)}\n\n`),
    progress: isTerminal ? rewrittenLine(write, columns || DEFAULT_COLUMNS, duration) : plainLines(write, duration),
    end: results => write(`${summaryOf(results).join('\n')}\n`),
  }
}

function introOf({ options, versions, documents }: Setup): string {
  const { duration, concurrency, handover, host } = options
  const load = `Rendering ${plural(documents.length, 'README')} for ${duration / 1_000} s, ${plural(concurrency, 'call')} at a time`
  const upgrade = `while marked ${versions.new.version} takes over from ${versions.old.version}`
  return `${load}, ${upgrade} (${handover} handover, ${WHERE[host]}).`
}
