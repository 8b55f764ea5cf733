/** The errors of a supervised runtime: why a launch failed, or why calls were lost. */
import type { Failure, SupervisorInput, SupervisorReason } from '../../../machines/index.js'
import type { CutoverError } from '../../contract/index.js'
import { printable } from '../../support/index.js'
import { runtimeLost, startFailed } from '../runtime/versionErrors.js'

/** A launch failed. */
export function launchFailed(version: string, { reason }: Failure, input: SupervisorInput): CutoverError {
  return startFailed(version, launchOf(reason, input), causeOf(reason))
}

/** A launch failed, and no other can succeed. */
export function cannotStart(version: string, { reason }: Failure, input: SupervisorInput): CutoverError {
  const what = launchOf(reason, input)
  const remedy = 'It is not tried again: mend it and call abort({ force: true }), or replace the version.'
  return startFailed(version, `${what.replace(/\.?$/, '.')} ${remedy}`, causeOf(reason))
}

/** The launches have failed for too long. */
export function failedTooLong(version: string, cause: Error | undefined, input: SupervisorInput): CutoverError {
  const what = `has failed for ${input.giveUpAfter} ms (giveUpAfter) and is given up; restart it with abort({ force: true }), or replace it.`
  return startFailed(version, what, cause)
}

/** The runtime was lost with its calls in flight. */
export function callsLost(version: string, { reason }: Failure, input: SupervisorInput): CutoverError {
  const what =
    typeof reason === 'string'
      ? meaningOf(reason, input)
      : `was lost while it had the call: ${printable(reason.message)}`
  return runtimeLost(version, what, causeOf(reason))
}

function launchOf(reason: Failure['reason'], input: SupervisorInput): string {
  return typeof reason === 'string' ? meaningOf(reason, input) : `failed to start: ${printable(reason.message)}`
}

function causeOf(reason: Failure['reason']): Error | undefined {
  return typeof reason === 'string' ? undefined : reason
}

/** The rest of a sentence that begins with the version. */
function meaningOf(reason: SupervisorReason, input: SupervisorInput): string {
  const late = (name: 'connectTimeout' | 'startTimeout' | 'watchdogTimeout') => `within ${input[name]} ms (${name})`
  const meanings: Readonly<Record<SupervisorReason, string>> = {
    connectTimeout: `did not load or connect ${late('connectTimeout')}. See its output, or raise connectTimeout.`,
    startTimeout: `did not start ${late('startTimeout')}. See its output, or raise startTimeout.`,
    watchdogTimeout: `did not answer a ping ${late('watchdogTimeout')} while it had the call, and is restarted. Raise watchdogTimeout if it computes for longer.`,
    connectionLost: 'closed its connection while it had the call, and is launched again. See its output.',
    restarted: 'was restarted while it had the call. Call again if the request may run twice.',
    stopped: 'was stopped while it had the call. Provision a new runtime, or call another version.',
  }
  return meanings[reason]
}
