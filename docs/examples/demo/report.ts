import type { Figures } from './figures.js'
import { plural } from './format.js'
import { nothing, plainLines, rewrittenLine, type Write } from './live.js'
import type { HostName } from './markdown.js'
import type { Options } from './options.js'
import type { Setup, Watcher } from './run.js'
import { summaryOf } from './summary.js'

/** What is shown of a run: before, meanwhile, and in the end. */
export interface Report {
  begin(setup: Setup): void
  readonly watch: Watcher
  end(figures: Figures): void
}

const WHERE: Readonly<Record<HostName, string>> = {
  'in-process': 'in this process',
  worker: 'in worker threads',
  process: 'in child processes',
}

/** Of a terminal that does not tell its width. */
const UNKNOWN_WIDTH = 80

/** The one place where the demo writes. */
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
    watch: nothing,
    end: figures =>
      write(`${JSON.stringify({ handover, host, duration, concurrency, ...figures }, microseconds, 2)}\n`),
  }
}

/** Rounds: the digits behind are noise. */
function microseconds(_: string, value: unknown): unknown {
  return typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value
}

function readableReport({ duration }: Options): Report {
  const { isTTY, columns } = process.stdout
  const isTerminal = isTTY && process.env['TERM'] !== 'dumb'
  return {
    begin: setup => write(`${introOf(setup)}\n\n`),
    watch: isTerminal ? rewrittenLine(write, columns || UNKNOWN_WIDTH, duration) : plainLines(write, duration),
    end: figures => write(`${summaryOf(figures).join('\n')}\n`),
  }
}

function introOf({ options, editions, documents }: Setup): string {
  const { duration, concurrency, handover, host } = options
  const load = `${plural(documents.length, 'README')} are rendered for ${duration / 1_000} s, ${plural(concurrency, 'call')} at a time`
  const upgrade = `on the way marked ${editions.new.version} takes over from ${editions.old.version}`
  return `${load}; ${upgrade} (${handover} handover, ${WHERE[host]}).`
}
