import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import {
  CutoverError,
  type HttpMessage,
  type HttpRequestHead,
  type HttpResponseHead,
  isHttpMessage,
} from '../../contract/index.js'
import { fetchHandler } from '../../http/index.js'
import type { VerifiedVersion } from '../../rollout/index.js'
import { isModule } from '../options/settings.js'

/** The new version, as the `verify` of a module gets it. */
export interface VerifyContext {
  /** Canonical SemVer, such as `1.4.0-20261128153000.3f9ab1`. */
  readonly version: string
  /** Fires when `verifyTimeout` has passed, or the rollout ends. */
  readonly signal: AbortSignal
  /** Asks the new version, and no other: a path such as `/health`, or a request. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
}

type Verify = (next: VerifiedVersion) => Promise<void>

const ORIGIN = 'http://localhost'
/** The number of characters of a bad answer that the error quotes. */
const SHOWN = 200

/**
 * Makes the check of a new version.
 *
 * @param verify - a path, which each of the processes must answer with 2xx; or a module that exports `verify`
 */
export function verifierOf(verify: string, instances: number): Verify {
  return isModule(verify) ? next => runModule(verify, next) : next => askPath(verify, instances, next)
}

async function askPath(path: string, instances: number, next: VerifiedVersion): Promise<void> {
  // A new version gets no other calls, and so each process has its turn.
  for (let instance = 0; instance < instances; instance++) {
    const head: HttpRequestHead = { method: 'GET', url: `${ORIGIN}${path}`, headers: ['host', 'localhost'] }
    const answer = await next.call({ head, body: null }, { signal: next.signal })
    if (!isHttpMessage(answer)) throw new TypeError(`GET ${path} gave no HTTP response.`)
    const { head: its, body } = answer as HttpMessage<HttpResponseHead, Uint8Array | ReadableStream | null>
    const isGood = its.status >= 200 && its.status < 300
    const text = await textOf(body)
    if (!isGood) throw new Error(`GET ${path} answered ${its.status}${text === '' ? '' : `: ${text}`}`)
  }
}

async function textOf(body: Uint8Array | ReadableStream | null): Promise<string> {
  const text = await new Response(body as ConstructorParameters<typeof Response>[0]).text()
  return text.trim().replace(/\s+/g, ' ').slice(0, SHOWN)
}

async function runModule(file: string, next: VerifiedVersion): Promise<void> {
  const { version, signal } = next
  const url = pathToFileURL(file)
  // Node.js keeps what it has loaded from a URL, and the file may have changed.
  url.search = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 16)
  const { verify } = (await import(url.href)) as { verify?: (context: VerifyContext) => unknown }
  if (typeof verify !== 'function') {
    throw new CutoverError('CUTOVER_INVALID_OPTION', `The module ${file} exports no function "verify".`)
  }
  const handle = fetchHandler({ call: (request, options) => next.call(request, options) })
  const fetch: VerifyContext['fetch'] = (input, init) => {
    const target = input instanceof Request ? input : new URL(input, ORIGIN)
    return handle(new Request(target, { signal, ...init }))
  }
  await verify({ version, signal, fetch })
}
