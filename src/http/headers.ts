import type { HttpHeaders } from '../contract/index.js'

/** These belong to one connection, and not to the message that it carries (RFC 9110, section 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** The headers of a message without those of its connection, with names in lower case. Each `set-cookie` stays one of its own. */
export function passedOn(headers: HttpHeaders): string[] {
  const kept: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    if (!HOP_BY_HOP.has(name)) kept.push(name, headers[i + 1] as string)
  }
  return kept
}

/** All values of a header. @param name - in lower case */
export function valuesOf(headers: HttpHeaders, name: string): string[] {
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1] === name)
}
