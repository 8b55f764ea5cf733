import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { Access } from '../../../src/inspect/server/access.js'

/** A request with this `Host` header, which came in on this local address. */
function requestTo(host: string, localAddress = '127.0.0.1', origin?: string): IncomingMessage {
  const headers = { host, ...(origin === undefined ? {} : { origin }) }
  return { headers, headersDistinct: { host: [host] }, socket: { localAddress } } as unknown as IncomingMessage
}

describe('The access rules', () => {
  it('accept the host without its port if that is the default port', () => {
    const access = new Access('127.0.0.1', 80, [])
    expect(['127.0.0.1', '127.0.0.1:80', 'localhost'].map(host => access.hasAllowedOrigin(requestTo(host)))).toEqual([
      true,
      true,
      true,
    ])
    expect(new Access('127.0.0.1', 81, []).hasAllowedOrigin(requestTo('127.0.0.1'))).toBe(false)
  })

  it('ignore the zone of an address, which browsers do not send', () => {
    const access = new Access('fe80::1%eth0', 8080, [])
    expect(new URL(access.url).host).toBe('[fe80::1]:8080')
    expect(access.hasAllowedOrigin(requestTo('[fe80::1]:8080'))).toBe(true)
  })

  it.each([
    ['0.0.0.0', '10.0.0.5', '10.0.0.5:8080', true],
    ['::', '::ffff:10.0.0.5', '10.0.0.5:8080', true],
    ['::', 'fe80::1%eth0', '[fe80::1]:8080', true],
    ['::', '::ffff:10.0.0.5', '10.0.0.6:8080', false],
    ['127.0.0.1', '10.0.0.5', '10.0.0.5:8080', false],
  ])('on %s, for a request to %s with the host %s, say %s', (listening, called, host, isAllowed) => {
    expect(new Access(listening, 8080, []).hasAllowedOrigin(requestTo(host, called))).toBe(isAllowed)
  })

  it('accept the origin of the host by http and https only', () => {
    const access = new Access('127.0.0.1', 8080, [])
    const origins = ['http://127.0.0.1:8080', 'https://127.0.0.1:8080', 'http://127.0.0.1', 'ftp://127.0.0.1:8080']
    const isAllowed = (origin: string) => access.hasAllowedOrigin(requestTo('127.0.0.1:8080', '127.0.0.1', origin))
    expect(origins.map(isAllowed)).toEqual([true, true, false, false])
  })
})
