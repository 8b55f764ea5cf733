import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/** In bytes: 192 bits. */
const TOKEN_LENGTH = 24

/** Who may have what: decided by the `Host` and `Origin` headers, and by a token that only the printed URL holds. */
export class Access {
  readonly #token = randomBytes(TOKEN_LENGTH).toString('base64url')
  readonly #hosts: ReadonlySet<string>
  readonly #address: string
  readonly #port: number
  readonly #isAnyAddress: boolean

  constructor(host: string, port: number, allowedHosts: readonly string[]) {
    const name = inUrl(host)
    this.#port = port
    this.#isAnyAddress = name === '0.0.0.0' || name === '[::]'
    const names = isLoopback(name) || this.#isAnyAddress ? ['127.0.0.1', 'localhost', '[::1]'] : []
    this.#hosts = new Set([...names, name].flatMap(one => withPort(one, port)).concat(allowedHosts))
    this.#address = `${this.#isAnyAddress ? anyLoopback(name) : name}:${port}`
  }

  /** The page's address, with the token. */
  get url(): string {
    return `http://${this.#address}/?token=${this.#token}`
  }

  /** Whether the request is for this server, and from no page of another origin. */
  isFromHere({ headers, headersDistinct, socket }: IncomingMessage): boolean {
    // Of two, another server on the way may have looked at the other one.
    const host = headersDistinct['host']?.length === 1 ? headers.host?.toLowerCase() : undefined
    if (host === undefined || !(this.#hosts.has(host) || this.#isItsAddress(host, socket.localAddress))) return false
    const origin = headers.origin?.toLowerCase()
    // Behind a proxy the same host may be reached by https.
    return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
  }

  /** Compared in constant time. */
  hasToken(url: URL): boolean {
    const given = url.searchParams.get('token')
    return given !== null && timingSafeEqual(digest(given), digest(this.#token))
  }

  /** On every address: a page cannot have a name resolve to an address that is written out. */
  #isItsAddress(host: string, localAddress: string | undefined): boolean {
    if (!this.#isAnyAddress || localAddress === undefined) return false
    return withPort(inUrl(localAddress.replace(/^::ffff:/, '')), this.#port).includes(host)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isLoopback(name: string): boolean {
  return name === '[::1]' || name === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function anyLoopback(name: string): string {
  return name === '[::]' ? '[::1]' : '127.0.0.1'
}

/** As browsers write it, who know of one way to write an address; nor do they send a zone, as in `fe80::1%eth0`. */
function inUrl(host: string): string {
  const url = `http://${isIPv6(host) ? `[${host.replace(/%.*/, '')}]` : host}`
  return URL.canParse(url) ? new URL(url).hostname : host.toLowerCase()
}

/** Clients leave out the default port. */
function withPort(name: string, port: number): string[] {
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]
}
