import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/** 192 bits. */
const TOKEN_BYTES = 24

/** Decides which requests are authorised: by their `Host` and `Origin` headers, and by the token in their URL. */
export class Access {
  readonly #token = randomBytes(TOKEN_BYTES).toString('base64url')
  readonly #hosts: ReadonlySet<string>
  readonly #address: string
  readonly #port: number
  readonly #isAnyAddress: boolean

  /** @param host - the address that the server listens on */
  constructor(host: string, port: number, allowedHosts: readonly string[]) {
    const name = urlHostname(host)
    this.#port = port
    this.#isAnyAddress = name === '0.0.0.0' || name === '[::]'
    const loopback = isLoopback(name) || this.#isAnyAddress ? ['127.0.0.1', 'localhost', '[::1]'] : []
    this.#hosts = new Set([...loopback, name].flatMap(each => hostHeaders(each, port)).concat(allowedHosts))
    this.#address = `${this.#isAnyAddress ? loopbackOf(name) : name}:${port}`
  }

  /** The page's address, with the token. */
  get url(): string {
    return `http://${this.#address}/?token=${this.#token}`
  }

  /** Whether the request names this server as its host, and does not come from a page of another origin. */
  hasAllowedOrigin({ headers, headersDistinct, socket }: IncomingMessage): boolean {
    // With two Host headers, a proxy in front may have checked the other one.
    const host = headersDistinct['host']?.length === 1 ? headers.host?.toLowerCase() : undefined
    if (host === undefined || !(this.#hosts.has(host) || this.#isCalledAddress(host, socket.localAddress))) return false
    const origin = headers.origin?.toLowerCase()
    // A proxy in front may serve the same host by https.
    return origin === undefined || origin === `http://${host}` || origin === `https://${host}`
  }

  /** Compares the tokens in constant time. */
  hasToken(url: URL): boolean {
    const given = url.searchParams.get('token')
    return given !== null && timingSafeEqual(digest(given), digest(this.#token))
  }

  /**
   * Whether the header is the address on which the request came in, if the server listens on all of them. An attacker's
   * page cannot use DNS rebinding with a literal address.
   */
  #isCalledAddress(host: string, localAddress: string | undefined): boolean {
    if (!this.#isAnyAddress || localAddress === undefined) return false
    return hostHeaders(urlHostname(localAddress.replace(/^::ffff:/, '')), this.#port).includes(host)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function isLoopback(name: string): boolean {
  return name === '[::1]' || name === 'localhost' || /^127\.\d+\.\d+\.\d+$/.test(name)
}

function loopbackOf(name: string): string {
  return name === '[::]' ? '[::1]' : '127.0.0.1'
}

/** The host as browsers write it: addresses in their canonical form, and without a zone, as in `fe80::1%eth0`. */
function urlHostname(host: string): string {
  const url = `http://${isIPv6(host) ? `[${host.replace(/%.*/, '')}]` : host}`
  return URL.canParse(url) ? new URL(url).hostname : host.toLowerCase()
}

/** The possible values of the `Host` header. Browsers leave out the default port. */
function hostHeaders(name: string, port: number): string[] {
  return port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]
}
