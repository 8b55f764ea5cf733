import { CutoverError } from '../errors.js'
import type { RequestContext } from '../protocol/incomingRequest.js'
import type { Body } from '../protocol/messages.js'
import type { CheckedConfig } from './provisioner.js'

/** Answers what guests ask of their host with the config's `onHostRequest`. */
export class HostRequests {
  readonly #config: CheckedConfig

  constructor(config: CheckedConfig) {
    this.#config = config
  }

  /** A module's `callHost`: any value for any value. */
  answerCall(request: unknown, { signal }: Pick<RequestContext, 'signal'>): unknown {
    const { onHostRequest, version } = this.#config
    if (onHostRequest !== undefined) return onHostRequest(request, { signal })
    const message = `Version ${version} asked its host for something, but its config has no onHostRequest.`
    throw new CutoverError('CUTOVER_UNHANDLED_HOST_REQUEST', message, { version })
  }

  /** A request of an Oasis runtime: a body for a body. */
  async answer(kind: string, payload: unknown, { signal }: RequestContext): Promise<Body> {
    const { onHostRequest, version } = this.#config
    const answer = kind.startsWith('Host') ? await onHostRequest?.({ [kind]: payload }, { signal }) : undefined
    const entries = typeof answer === 'object' && answer !== null ? Object.entries(answer) : []
    const [entry] = entries
    if (entries.length === 1 && entry !== undefined) return { kind: entry[0], payload: entry[1] }
    const message = `Version ${version} sent ${kind}, which onHostRequest of its config does not answer with a body of one kind.`
    throw new CutoverError('CUTOVER_UNHANDLED_HOST_REQUEST', message, { version })
  }
}
