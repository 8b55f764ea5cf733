import { Aggregate } from '../../aggregate/index.js'
import type { Inspect, Runtime } from '../../contract/index.js'
import { childProcess, pool } from '../../hosts/index.js'
import type { Settings } from '../options/settings.js'
import type { Release, Releases } from '../state/releases.js'
import type { ServiceLog } from './serviceLog.js'

const ID = 'app'
/** They are for the service, and not for the application. */
const NOT_PASSED_ON = /^(CUTOVER_|NOTIFY_SOCKET$|NODE_CHANNEL_|NODE_UNIQUE_ID$)/

/** Hosts the versions of an application: each is a pool of processes. */
export function applicationOf({ drain }: Settings, log: ServiceLog, inspect: Inspect | undefined): Aggregate {
  return new Aggregate({
    id: ID,
    handover: 'overlap',
    drainTimeout: drain,
    durations: true,
    isFailure: outcome => outcome.status === 'rejected' || isServerError(outcome.value),
    logger: log.own,
    inspect,
  })
}

/** Makes the pool of a release. */
export function provisionerOf(
  releases: Releases,
  { instances }: Settings,
  log: ServiceLog,
  inspect: Inspect | undefined,
): (release: Release) => Runtime {
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || NOT_PASSED_ON.test(name) ? [] : [[name, value]],
    ),
  )
  const processes = pool(childProcess({ env, inspect }), { size: instances, concurrentStarts: instances, inspect })
  return release => {
    const { version } = release
    return processes.provision({ id: ID, version, module: releases.moduleOf(release), logger: log.guests })
  }
}

/** Whether an answer has a status of 500 or more. */
function isServerError(answer: unknown): boolean {
  const { head } = Object(answer) as { readonly head?: { readonly status?: unknown } }
  return Number(head?.status) >= 500
}
