/** Control characters, line separators, and characters that change the text direction. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/**
 * Escapes the text of a guest for a log or a terminal. Control characters are written as in a string literal (`\n`,
 * `\x1b`), so that the text cannot start a new line or move the cursor.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, character => SHORT[character] ?? escaped(character.charCodeAt(0)))
}

function escaped(code: number): string {
  const digits = code.toString(16)
  return code < 0x100 ? `\\x${digits.padStart(2, '0')}` : `\\u${digits.padStart(4, '0')}`
}
