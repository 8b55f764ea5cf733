/** The methods of strings that Node.js 20 has and ES2023 lacks. */
interface Text {
  isWellFormed(): boolean
  toWellFormed(): string
}

/** Whether a text has no lone surrogate: UTF-8 cannot encode one. */
export function isWellFormed(text: string): boolean {
  return (text as unknown as Text).isWellFormed()
}

/** Replaces lone surrogates by U+FFFD. */
export function wellFormed(text: string): string {
  return (text as unknown as Text).toWellFormed()
}
