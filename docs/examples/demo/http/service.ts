/** The HTTP server of `--http`, and a client with connections that it keeps. */
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Outcome, Runtime } from 'cutover'
import { fetchHandler, type HttpRuntime, serveHttp } from 'cutover/http'
import type { LoadOptions } from '../load.js'
import type { Rendered, RenderRequest } from '../markdown.js'
import { pageFrom, type Reply } from './pages.js'

/** Sends calls to an aggregate as HTTP requests. */
export interface Service extends AsyncDisposable {
  readonly target: LoadOptions['target']
}

/** Options of an aggregate that answers HTTP requests. An answer with a status of 500 or more counts as failed. */
export const HTTP_OPTIONS = {
  handover: 'overlap',
  drainTimeout: 60_000,
  isFailure: (outcome: Outcome) => outcome.status === 'rejected' || statusOf(outcome.value) >= 500,
} as const

function statusOf(answer: unknown): number {
  return (answer as { readonly head: { readonly status: number } }).head.status
}

/** Serves the aggregate on a free port. */
export async function listen(aggregate: HttpRuntime): Promise<Service> {
  const server = await serveHttp(aggregate, { port: 0, host: '127.0.0.1', exposeVersion: true })
  const agent = new Agent({ keepAlive: true })
  const ask = async (path: string): Promise<Reply> => {
    const [response] = (await once(get(`${server.url}${path}`, { agent }), 'response')) as [IncomingMessage]
    const { statusCode = 0, headers } = response
    return { status: statusCode, version: headers['x-cutover-version']?.toString(), text: await text(response) }
  }
  return {
    target: { call: (request, options) => pageFrom(ask, request, options?.onVersion) },
    [Symbol.asyncDispose]: async () => {
      // Otherwise the server waits for the next request of each connection.
      agent.destroy()
      await server.close()
    },
  }
}

/** Asks a candidate for a page, without a server. */
export function verifyPage(
  candidate: Pick<Runtime<RenderRequest, Rendered>, 'call'>,
  request: RenderRequest,
): Promise<Rendered> {
  const handle = fetchHandler(candidate as HttpRuntime, { exposeVersion: true })
  const ask = async (path: string): Promise<Reply> => {
    const response = await handle(new Request(`http://demo${path}`))
    const version = response.headers.get('x-cutover-version') ?? undefined
    return { status: response.status, version, text: await response.text() }
  }
  return pageFrom(ask, request)
}
