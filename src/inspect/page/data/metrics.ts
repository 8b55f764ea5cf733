import { asRecord, type UnknownRecord } from './unknownRecord.js'

const OUTCOMES = {
  answered: 'answered',
  failed: 'failed',
  givenUp: 'given up',
  cutOff: 'cut off',
  inFlight: 'in flight',
} as const

/** The metrics of one version, from those of its aggregate; undefined if they do not have the version. */
export function metricsOfVersion(metrics: UnknownRecord | undefined, version: string): UnknownRecord | undefined {
  const versions: unknown = metrics?.['versions']
  return Array.isArray(versions) ? versions.map(asRecord).find(it => it['version'] === version) : undefined
}

/** The calls in the metrics of a version, without outcomes that never happened: `12: 10 answered, 2 failed; 3 pinned`. */
export function describeCalls(metrics: UnknownRecord): string {
  const counts = (fields: UnknownRecord, names: Readonly<Record<string, string>>) =>
    Object.entries(names).flatMap(([field, name]) =>
      Number(fields[field]) > 0 ? [`${formatCount(fields[field])} ${name}`] : [],
    )
  const { pinned, mirrored } = metrics
  const calls = formatCount(metrics['calls'] ?? 0)
  const outcomes = counts(metrics, OUTCOMES).join(', ')
  const others = { pinned: asRecord(pinned)['calls'], mirrored: asRecord(mirrored)['calls'] }
  const own = outcomes === '' ? calls : `${calls}: ${outcomes}`
  return [own, ...counts(others, { pinned: 'pinned', mirrored: 'mirrored' })].join('; ')
}

function formatCount(count: unknown): string {
  return Number(count).toLocaleString('en-US')
}
