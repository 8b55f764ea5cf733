import type { ServedVersion, ServeStatus } from '../events.js'
import type { Terminal } from './terminal.js'
import { counted, figure, time, wrapped } from './text.js'

/** Where a service stands, as lines of less than 80 columns. */
export function statusText(status: ServeStatus, terminal: Terminal, now: number = Date.now()): readonly string[] {
  const { url, pid, since, path, versions, rollout, releases, inspector } = status
  const { state, candidate, permanent, previous, progress } = rollout
  const label = (name: string) => terminal.style('dim', name.padEnd(11))
  const lines = [
    `${label('listens')}${url ?? 'not now'}`,
    `${label('process')}${pid}, up ${time(now - Date.parse(since))}`,
    `${label('deploys')}${path ?? 'nothing by itself'}`,
  ]
  if (inspector !== null) lines.push(`${label('inspector')}${inspector}`)
  for (const version of versions) lines.push('', ...linesOf(version, terminal))
  if (versions.length === 0) lines.push('', 'No version is there.')
  lines.push('')
  if (candidate === null) lines.push(`${label('rollout')}none is under way`)
  else {
    lines.push(`${label('rollout')}${state} ${candidate}`)
    if (progress !== null) {
      const { candidate: own, duration, verdict } = progress
      const course = `${counted(own.calls, 'request')}, ${figure(own.failures)} failed, ${verdict}`
      lines.push(`${label('')}${time(duration)}: ${course}`)
    }
  }
  lines.push(`${label('permanent')}${permanent ?? 'none'}`)
  lines.push(`${label('before')}${previous ?? 'none'}`)
  lines.push(`${label('releases')}${releases.length}`)
  return lines
}

function linesOf(version: ServedVersion, terminal: Terminal): readonly string[] {
  const { role, state, phase, share, inFlight, requests, failed, restarts, processes, lastError } = version
  const place = phase === null ? state : `${state}, ${phase}`
  const up = processes === null ? '' : `, ${processes.up} of ${processes.size} processes up`
  const name = terminal.style('bold', version.version)
  const lines = [
    name,
    `  ${role ?? 'leaving'}, ${place}${up}`,
    `  ${share} % of the requests: ${figure(requests)}, ${figure(failed)} failed, ${figure(inFlight)} in flight`,
  ]
  if (restarts > 0) lines.push(terminal.style('yellow', `  down and up again: ${counted(restarts, 'time')}`))
  const error = lastError === null ? [] : wrapped(lastError, terminal.width - 2)
  for (const line of error) lines.push(terminal.style('red', `  ${line}`))
  return lines
}
