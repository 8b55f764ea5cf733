import {
  boolean,
  type CallOptions,
  durationOrInfinity,
  type HttpRequestHead,
  type Logger,
  object,
  optionalFunction,
  positive,
  type StreamSource,
  safeLogger,
  validLogger,
} from '../contract/index.js'
import { flowOf } from '../streams/index.js'
import { answerOf, type HttpAnswer } from './answer.js'
import type { Deadline } from './deadline.js'
import type { FetchHandlerOptions, HttpRuntime } from './options.js'
import { LATE, refusalOf, refuse } from './refusal.js'
import { type HttpRequest, Upload } from './upload.js'

/** A request, from any server. */
export interface Incoming {
  readonly head: HttpRequestHead
  readonly body: StreamSource<Uint8Array> | null
  /** The value of `Content-Length`. */
  readonly length: string | null | undefined
  readonly traceparent: string | null | undefined
  readonly deadline: Deadline
  /** Calls `end` when the response is over. @default the server does not say */
  onClose?(end: () => void): void
  /** For the functions of the user, without its body. Throws BadRequest. */
  request(): Request
}

/** Puts the requests of a server to an aggregate. */
export class Asker {
  readonly logger: Logger
  readonly #aggregate: HttpRuntime
  readonly #exposeVersion: boolean
  readonly #keyOf: FetchHandlerOptions['key']
  readonly #versionOf: FetchHandlerOptions['version']
  readonly #timeout: number
  readonly #maxBodyBytes: number

  /** @throws CutoverError `CUTOVER_INVALID_OPTION` */
  constructor(aggregate: HttpRuntime, options: FetchHandlerOptions) {
    object('options', options)
    this.#aggregate = aggregate
    this.#exposeVersion = boolean('exposeVersion', options.exposeVersion, false)
    this.#keyOf = optionalFunction('key', options.key)
    this.#versionOf = optionalFunction('version', options.version)
    this.#timeout = durationOrInfinity('timeout', options.timeout, 30_000)
    this.#maxBodyBytes = positive('maxBodyBytes', options.maxBodyBytes, 104_857_600)
    this.logger = safeLogger(validLogger(options.logger), {})
  }

  /**
   * Answers a request by a version, or with the status that says why none did.
   *
   * @param send - sends the head of the answer, or throws if it cannot be sent; then it is called with a refusal
   */
  async ask<Sent>(incoming: Incoming, send: (answer: HttpAnswer) => Sent): Promise<Sent> {
    const { head, deadline } = incoming
    const upload = this.#uploadOf(incoming)
    let version: string | undefined
    let stream: ReturnType<typeof flowOf>
    try {
      const message: HttpRequest = upload === undefined ? { head, body: null } : await upload.message(head)
      stream = flowOf(message)
      // The version reads no more of it by then.
      if (stream !== undefined)
        incoming.onClose?.(() => stream?.stop('cancelled', new Error('The response has ended.')))
      const options = this.#optionsFor(incoming, answering => {
        version = answering
      })
      deadline.start(this.#timeout)
      const answer = await this.#aggregate.call(message, options)
      try {
        return send(answerOf(answer, head.method, this.#exposeVersion ? version : undefined))
      } catch (error) {
        // Nobody reads the body of an answer that cannot be sent.
        flowOf(answer)?.stop('cancelled', error)
        throw error
      }
    } catch (error) {
      stream?.stop('cancelled', error)
      const refusal = deadline.why === 'late' ? LATE : refusalOf(upload?.fault ?? error)
      const { status, why } = refusal
      if (status >= 500 && deadline.why !== 'gone') this.logger.warn({ err: error, version, status }, why)
      return send(refuse(refusal))
    } finally {
      deadline.stop()
    }
  }

  #uploadOf({ body, length, deadline }: Incoming): Upload | undefined {
    return body === null ? undefined : new Upload(body, length, this.#maxBodyBytes, () => deadline.restart())
  }

  #optionsFor(incoming: Incoming, onVersion: (version: string) => void): CallOptions {
    const request = this.#keyOf || this.#versionOf ? incoming.request() : undefined
    return {
      signal: incoming.deadline.signal,
      key: request && this.#keyOf?.(request),
      version: request && this.#versionOf?.(request),
      traceparent: incoming.traceparent ?? undefined,
      onVersion,
    }
  }
}
