import { count, paint, plural } from '../format.js'
import { whereOf } from '../markdown.js'
import type { Fault, Options } from '../options.js'
import { isTerminal, write, writeJson } from '../output.js'
import type { Setup } from '../setup.js'
import type { RolloutResults } from './results.js'
import type { View } from './run.js'
import { drawnPicture, plainPicture, silentView } from './view.js'

/** The output before, during and after a rollout. */
export interface RolloutReport {
  begin(setup: Setup): void
  readonly view: View
  end(results: RolloutResults): void
}

const DEFAULT_ROWS = 24

const ANNOUNCED: Readonly<Record<Fault, string>> = {
  none: '',
  break: ' The new version fails on some.',
  'break after': ' The new version begins to fail on some after it took over.',
  outage: ' For a while, both versions fail on some.',
}

export function rolloutReportFor(options: Options): RolloutReport {
  return options.json ? jsonReport(options) : readableReport()
}

function jsonReport({ http, host, duration, concurrency }: Options): RolloutReport {
  return {
    begin: () => {},
    view: silentView,
    end: results => writeJson({ http, host, duration, concurrency, ...results }),
  }
}

function readableReport(): RolloutReport {
  return {
    begin: setup => write(`${introOf(setup)}\n\n`),
    view: isTerminal() ? drawnPicture(write, () => process.stdout.rows || DEFAULT_ROWS) : plainPicture(write),
    end: results => write(`\n${summaryOf(results).join('\n')}\n`),
  }
}

export function introOf({ options, versions, documents }: Setup): string {
  const { concurrency, fault, http } = options
  const where = `${whereOf(options)}${http ? ', behind an HTTP server' : ''}`
  const what = `Rolling out marked ${versions.new.version} over ${versions.old.version} ${where}.`
  const calls = plural(concurrency, http ? 'request' : 'call')
  const load = `Rendering ${plural(documents.length, 'README')}, ${calls} at a time.`
  return `${what}\n${load}${ANNOUNCED[fault]}`
}

export function summaryOf(results: RolloutResults): string[] {
  const { lost, doubled, wrong, reason, errors, failed, from, to, hurt } = results
  const style = results.ok ? 'green' : 'red'
  const fault = results.fault === 'none' ? [] : [`  failed as planned       ${hurtLine(hurt, [from, to])}`]
  return [
    ...fault,
    `  failed otherwise ${count(failed)}, lost ${count(lost)}, executed twice ${count(doubled)}, wrong answer or version ${count(wrong)}`,
    ...Object.entries(errors)
      .slice(0, 5)
      .map(([text, times]) => `  ${count(times)} × ${text}`),
    '',
    ...(reason === null ? [] : [`${to} did not stay. ${reason}`]),
    paint(['bold', style], verdictOf(results)),
  ]
}

function hurtLine(hurt: RolloutResults['hurt'], versions: readonly string[]): string {
  return versions.map(version => `${count(hurt[version] ?? 0)} of ${version}`).join(', ')
}

function verdictOf({ ok, interrupted, outcome, expected, active, calls, bad, hurt }: RolloutResults): string {
  const all = Object.values(hurt).reduce((sum, version) => sum + version, 0)
  const mark = ok ? '✔' : '✘'
  const sum = `${count(all + bad)} of ${plural(calls, 'call')} went wrong`
  if (interrupted) return `${mark} Interrupted: ${active ?? 'no version'} serves. ${sum}.`
  if (ok) return `${mark} ${active} serves. ${sum}.`
  const otherwise = outcome === expected ? '' : ` The rollout should end with ${expected}, and ended with ${outcome}.`
  return `${mark} ${active ?? 'No version'} serves. ${sum}.${otherwise}`
}
