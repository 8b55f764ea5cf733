/** The text in place of a secret. */
export const MASKED = '[masked]'

/** Names of things that are secret. With a text as its value, a property of such a name is masked. */
const SECRET = 'passw(?:or)?d|passphrase|pwd|secret|credential|(?:api|access|private|encryption|signing)[ _-]?key'
/** Names of things that are secret if they are long: `token: 12` and `Unexpected token: }` are none. */
const SECRET_IF_LONG = 'token|signature|[?&]sig\\b'
const MIN_LONG = 8
const HEADER = '(?:proxy-)?authorization|(?:set-)?cookie'

const secretName = new RegExp(`${SECRET}|${HEADER}`, 'i')
const longSecretName = new RegExp(SECRET_IF_LONG, 'i')
/** Longer names are no names, but texts. */
const MAX_NAME = 80

/** In quotes, in quotes of a JSON text within a text, or up to the next space or separator. A quote may have no end. */
const VALUE = `\\\\{1,3}["'][^"'\\\\]*|"(?:[^"\\\\]|\\\\[^])*"?|'(?:[^'\\\\]|\\\\[^])*'?|\`[^\`]*\`?|[^\\s,;&"'\`]+`

/** Applied in this order. */
const RULES: readonly (readonly [pattern: RegExp, replacement: string | ((...match: string[]) => string)])[] = [
  // A private key as PEM, also one that is cut off.
  [/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,30}PRIVATE KEY-----|$)/g, MASKED],
  // `Authorization: …` and `Cookie: …`, up to the end of the line or of the quoted text.
  [
    new RegExp(`(?<![\\w-])((?:${HEADER})\\\\{0,3}["']?\\s{0,4}[:=]\\s{0,4}\\\\{0,3}["']?)[^\\r\\n"'\\\\]+`, 'gi'),
    `$1${MASKED}`,
  ],
  // `password=…`, `api_key: …`, `"clientSecret": "…"`.
  [
    new RegExp(
      `(${SECRET}|${SECRET_IF_LONG})([\\w-]{0,24}\\\\{0,3}["'\`]?\\s{0,4}(?:=>|[:=])\\s{0,4})(${VALUE})`,
      'gi',
    ),
    maskAssigned,
  ],
  // `Bearer …` and `Basic …`, but no word as in `Basic authentication`.
  [
    /(?<!\w)(bearer|basic)([ \t]{1,4})([\w.~+/=-]{8,})/gi,
    (match, scheme = '', space = '', token = '') =>
      /^[A-Z]?[a-z]{0,15}[.]?$/.test(token) ? match : `${scheme}${space}${MASKED}`,
  ],
  // The user and the password in a URL.
  [/:\/\/[^\s/?#"'<>]+@/g, `://${MASKED}@`],
  // A JSON Web Token, an access key of AWS, and tokens with a prefix that says whose they are.
  [/(?<![\w-])eyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*)?/g, MASKED],
  [/(?<!\w)(?:AKIA|ASIA|ABIA|ACCA)[A-Z\d]{16}(?!\w)/g, MASKED],
  [/(?<![\w-])(?:gh[pousr]_|github_pat_|glpat-|npm_|sk-|[rs]k_(?:live|test)_|xox[abeprs]-|AIza)[\w-]{16,}/g, MASKED],
  // Long hexadecimal and base64 texts.
  [/(?<!\w)(?:0x)?[\da-f]{32,}(?!\w)/gi, MASKED],
  [/(?<![\w+/-])[\w+/-]{40,}={0,2}/g, text => (isRandom(text) ? MASKED : text)],
]

/**
 * Replaces what looks like a secret in a text: passwords and keys with their names, authorization headers, credentials in
 * URLs, tokens, and long hexadecimal or base64 texts. Takes time proportional to the length of the text, whatever it
 * holds.
 */
export function maskSecrets(text: string): string {
  if (text.length < MIN_LONG) return text
  let masked = text
  for (const [pattern, replacement] of RULES) masked = masked.replace(pattern, replacement as string)
  return masked
}

/** Whether a text or bytes of this length are a secret under this name. */
export function isSecret(name: string, length: number): boolean {
  if (name.length > MAX_NAME || length === 0) return false
  return secretName.test(name) || (longSecretName.test(name) && length >= MIN_LONG)
}

function maskAssigned(match: string, name = '', between = '', value = ''): string {
  const [opening = ''] = /^\\*["'`]?/.exec(value) ?? []
  if (!isSecret(name, value.length - opening.length)) return match
  const closing = opening !== '' && value.length > opening.length && value.endsWith(opening) ? opening : ''
  return `${name}${between}${opening}${MASKED}${closing}`
}

/** Tells base64 from paths and long names: some part of it without a slash is long and has all kinds of characters. */
function isRandom(text: string): boolean {
  return text.split('/').some(part => part.length >= 20 && /\d/.test(part) && /[a-z]/.test(part) && /[A-Z]/.test(part))
}

/** A value whose texts are masked when it is converted to plain data. */
export class MaskedValue {
  readonly #value: object | string

  constructor(value: object | string) {
    this.#value = value
  }

  /** The value, if it was marked; undefined otherwise. Reads nothing of other objects, which may be proxies. */
  static valueOf(it: object): object | string | undefined {
    return #value in it ? it.#value : undefined
  }
}
