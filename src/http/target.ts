import type { IncomingMessage } from 'node:http'
import type { HttpHeaders } from '../contract/index.js'
import { valuesOf } from './headers.js'
import { BadRequest } from './upload.js'

/** A name, or an address of IPv4 or IPv6, and a port. */
const HOST = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** The platform makes no `Request` of them, so no module could get one. */
const REFUSED = new Set(['CONNECT', 'TRACE'])

/**
 * The method and address of a request, if every reader of it would agree on them.
 *
 * @param passed - the headers without those of the connection, with names in lower case
 * @throws BadRequest no module can get the method or the coding, or the host or the address is not exactly one
 */
export function targetOf({ method = 'GET', url = '/', headers }: IncomingMessage, passed: HttpHeaders) {
  if (REFUSED.has(method)) throw new BadRequest(501, 'The method is not supported.')
  // Where others see a coding that this one does not, they also see another end of the body.
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked')
    throw new BadRequest(501, 'The transfer coding is not supported.')
  // A client of HTTP/1.0 need not say it.
  const { host = 'localhost' } = headers
  const isOnly = valuesOf(passed, 'host').length <= 1
  if (!(isOnly && HOST.test(host))) throw new BadRequest(400, 'The header Host is not one host.')
  const own = canonicalHost(host)
  if (url.startsWith('/')) return { method, url: `http://${host}${url}` }
  const address = URL.canParse(url) ? new URL(url) : undefined
  if (address?.host !== own) throw new BadRequest(400, 'The address is not one of this host.')
  // The platform makes no `Request` of it.
  if (address.username !== '' || address.password !== '')
    throw new BadRequest(400, 'The address has a user or a password.')
  return { method, url }
}

/** The last host and its canonical form: most requests have the same, and to parse it takes a µs. */
let last = { given: '', canonical: '' }

/** @throws BadRequest no URL can have the host, such as one with a port above 65,535 */
function canonicalHost(given: string): string {
  if (given === last.given) return last.canonical
  const url = `http://${given}`
  if (!URL.canParse(url)) throw new BadRequest(400, 'The header Host is not one host.')
  last = { given, canonical: new URL(url).host }
  return last.canonical
}
