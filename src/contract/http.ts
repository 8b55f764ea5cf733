/** Names and values in turn, in their order. A name may occur more than once, as `set-cookie` does. */
export type HttpHeaders = readonly string[]

/** The head of an HTTP request, as it travels to the host of a module that has `fetch`. */
export interface HttpRequestHead {
  readonly method: string
  /** The whole address. */
  readonly url: string
  readonly headers: HttpHeaders
}

/** The head of an HTTP response. */
export interface HttpResponseHead {
  readonly status: number
  readonly statusText: string
  readonly headers: HttpHeaders
}

/** A message that is one value: its body is whole, or absent. A longer body is a stream with a head. */
export interface HttpMessage<Head, Body = Uint8Array | null> {
  readonly head: Head
  readonly body: Body
}

/** Bodies up to this many bytes travel with their head, in one message. */
export const MAX_WHOLE_BODY = 65_536

/** A module that answers HTTP requests: any application with a `fetch` of the web platform, such as one of Hono or h3. */
export interface FetchModule {
  fetch(request: Request): Response | Promise<Response>
}

export function isHttpMessage(value: unknown): value is HttpMessage<object, unknown> {
  const { head, body } = Object(value) as Partial<HttpMessage<unknown, unknown>>
  return typeof head === 'object' && head !== null && body !== undefined
}

/** Headers as `new Headers()` and `new Request()` take them. */
export function inPairs(headers: HttpHeaders): [string, string][] {
  const pairs: [string, string][] = []
  for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i] as string, headers[i + 1] as string])
  return pairs
}

/** Headers of the platform as a list of names and values in turn. */
export function inTurn(headers: Iterable<readonly [string, string]>): string[] {
  const list: string[] = []
  for (const [name, value] of headers) list.push(name, value)
  return list
}
