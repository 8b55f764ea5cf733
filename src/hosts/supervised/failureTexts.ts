import type { SupervisorInput, SupervisorReason } from '../../../machines/index.js'
import { printable } from '../../support/index.js'

/** The rest of a sentence that begins with the version. */
interface Meaning {
  /** For a failed launch. */
  readonly failed: string
  /** For lost calls. */
  readonly lost: string
}

/** Describes why a launch failed, or why calls were lost. */
export function meaningOf(reason: Error | SupervisorReason, input: SupervisorInput): Meaning {
  if (typeof reason !== 'string') {
    const said = printable(reason.message)
    return { failed: `failed to start: ${said}`, lost: `was lost while it had the call: ${said}` }
  }
  const late = (name: 'connectTimeout' | 'startTimeout' | 'watchdogTimeout') => `after ${input[name]} ms (${name})`
  const meanings: Readonly<Record<SupervisorReason, string>> = {
    connectTimeout: `was not there ${late('connectTimeout')}.`,
    startTimeout: `had not started ${late('startTimeout')}.`,
    watchdogTimeout: `did not answer a ping ${late('watchdogTimeout')} while it had the call, and is restarted.`,
    connectionLost: 'closed its connection, and is ended and launched again.',
    restarted: 'was restarted while it had the call.',
    stopped: 'was stopped while it had the call.',
  }
  return { failed: meanings[reason], lost: meanings[reason] }
}
