/** The output before, during and after the demo of a fleet. */
import { count, paint, plural, seconds } from '../format.js'
import { whereOf } from '../markdown.js'
import type { Options } from '../options.js'
import { isTerminal, write, writeJson } from '../output.js'
import type { Setup } from '../setup.js'
import type { FleetResults } from './results.js'
import type { FleetView } from './run.js'
import { drawnFleet, plainFleet, silentFleet } from './view.js'

export interface FleetReport {
  begin(setup: Setup): void
  readonly view: FleetView
  end(results: FleetResults): void
}

const DEFAULT_ROWS = 24

export function fleetReportFor({ json, host, duration, concurrency }: Options): FleetReport {
  if (json) {
    const end = (results: FleetResults) => writeJson({ host, duration, concurrency, ...results })
    return { begin: () => {}, view: silentFleet, end }
  }
  return {
    begin: setup => write(`${introOf(setup)}\n\n`),
    view: isTerminal() ? drawnFleet(write, () => process.stdout.rows || DEFAULT_ROWS) : plainFleet(write),
    end: results => write(`\n${summaryOf(results).join('\n')}\n`),
  }
}

function introOf({ options, versions, documents }: Setup): string {
  const { nodes, concurrency } = options
  const where = options.host === 'in-process' ? 'in the process of its node' : whereOf(options)
  return `A fleet of ${plural(nodes, 'node')} moves from marked ${versions.old.version} to ${versions.new.version}, each version ${where}.
Then it gets a version that fails on some documents.
Rendering ${plural(documents.length, 'README')}, ${plural(concurrency, 'call')} at a time.`
}

function summaryOf(results: FleetResults): string[] {
  const { hurt, failed, lost, doubled, wrong, errors, broken, deployments, back } = results
  const bad = deployments[1]
  return [
    `  failed as planned       ${count(hurt)} of ${broken}`,
    `  failed otherwise ${count(failed)}, lost ${count(lost)}, executed twice ${count(doubled)}, wrong answer or version ${count(wrong)}`,
    ...Object.entries(errors)
      .slice(0, 5)
      .map(([text, times]) => `  ${count(times)} × ${text}`),
    '',
    ...(bad === undefined ? [] : [`${broken} came to wave ${bad.wave} of ${bad.waves}: ${bad.triedBy.join(', ')}.`]),
    ...(back === null ? [] : [`All nodes were back ${seconds(back)} after its first failure.`]),
    paint(['bold', results.ok ? 'green' : 'red'], verdictOf(results)),
  ]
}

function verdictOf({ ok, interrupted, serving, calls, bad, hurt, to, nodes }: FleetResults): string {
  const mark = ok ? '✔' : '✘'
  const sum = `${count(hurt + bad)} of ${plural(calls, 'call')} went wrong`
  if (interrupted) return `${mark} Interrupted. ${sum}.`
  const there = Object.values(serving).filter(version => version === to).length
  return `${mark} ${there === nodes ? `All ${plural(nodes, 'node')} serve` : `${there} of ${plural(nodes, 'node')} serve`} ${to}. ${sum}.`
}
