import type { CallOptions, Logger } from '../contract/index.js'

/** An aggregate, or any runtime, whose versions are modules that have `fetch`. */
export interface HttpRuntime {
  /** Resolves with the answer to a request, head and body, that the version's `fetch` has given. */
  call(request: unknown, options?: CallOptions): Promise<unknown>
}

/** The options of {@link fetchHandler}. */
export interface FetchHandlerOptions {
  /** The `key` of the call: all requests with one key go to the same version while a share grows. @default none */
  readonly key?: ((request: Request) => string | undefined) | undefined
  /** The version that must answer, active or next. @default the version that the aggregate chooses */
  readonly version?: ((request: Request) => string | undefined) | undefined
  /**
   * How long the version may take until the head of its response, in ms, counted from when it last read a piece of the request; then the
   * answer is 504. @default 30_000
   */
  readonly timeout?: number | undefined
  /** How long a request body may be, in bytes; a longer one gets 413, or ends its upload. @default 104_857_600 (100 MiB) */
  readonly maxBodyBytes?: number | undefined
  /** Whether each response has a header `x-cutover-version`. @default false */
  readonly exposeVersion?: boolean | undefined
  /** Hears why a request was answered with 500 to 504. @default none */
  readonly logger?: Logger | undefined
}
