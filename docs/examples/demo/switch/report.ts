import type { Handover } from 'cutover'
import { plural } from '../format.js'
import { whereOf } from '../markdown.js'
import type { Options } from '../options.js'
import { columns, isTerminal, write, writeJson } from '../output.js'
import type { Setup } from '../setup.js'
import { plainLines, rewrittenLine, silent } from './progress.js'
import type { Results } from './results.js'
import type { ProgressView } from './run.js'
import { summaryOf } from './summary.js'

/** The output before, during and after a run. */
export interface Report {
  begin(setup: Setup): void
  readonly progress: ProgressView
  end(results: Results): void
}

export function reportFor(options: Options, handover: Handover): Report {
  return options.json ? jsonReport(options, handover) : readableReport(options, handover)
}

function jsonReport({ host, duration, concurrency }: Options, handover: Handover): Report {
  return {
    begin: () => {},
    progress: silent,
    end: results => writeJson({ handover, host, duration, concurrency, ...results }),
  }
}

function readableReport({ duration }: Options, handover: Handover): Report {
  return {
    begin: setup => write(`${introOf(setup, handover)}\n\n`),
    progress: isTerminal() ? rewrittenLine(write, columns(), duration) : plainLines(write, duration),
    end: results => write(`${summaryOf(results).join('\n')}\n`),
  }
}

export function introOf({ options, versions, documents }: Setup, handover: Handover): string {
  const { duration, concurrency } = options
  const load = `Rendering ${plural(documents.length, 'README')} for ${duration / 1_000} s, ${plural(concurrency, 'call')} at a time`
  const upgrade = `while marked ${versions.new.version} takes over from ${versions.old.version}`
  return `${load}, ${upgrade} (${handover} handover, ${whereOf(options)}).`
}
