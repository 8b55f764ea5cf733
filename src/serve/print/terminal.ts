import type { WriteStream } from 'node:tty'

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const

/** A colour, or another way to set text apart. */
export type Style = keyof typeof CODES

/** Where a command prints: a terminal, a file or a pipe. */
export class Terminal {
  readonly #stream: NodeJS.WriteStream
  readonly #hasColors: boolean
  /** The line, or the lines, at the cursor, which the next one replaces. */
  #fleeting = ''

  constructor(stream: NodeJS.WriteStream = process.stdout, env: NodeJS.ProcessEnv = process.env) {
    this.#stream = stream
    const wants = (env['FORCE_COLOR'] ?? '') !== '' && env['FORCE_COLOR'] !== '0'
    const refuses = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb'
    this.#hasColors = wants || (this.isTerminal && !refuses)
    // The reader has closed the pipe, as `head` does.
    stream.on('error', () => {})
  }

  /** Whether lines can be replaced. */
  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  /** Columns; Infinity where lines are not cut. */
  get width(): number {
    return this.isTerminal ? ((this.#stream as WriteStream).columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /** Infinity where lines are not replaced. */
  get rows(): number {
    return this.isTerminal ? ((this.#stream as WriteStream).rows ?? 24) : Number.POSITIVE_INFINITY
  }

  style(style: Style, text: string): string {
    return this.#hasColors ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text
  }

  /** Prints a line that stays. */
  line(text: string): void {
    this.#clear()
    this.#stream.write(`${text}\n`)
  }

  /** Prints a line that the next one replaces. Nothing where that is not possible. */
  fleeting(text: string): void {
    if (!this.isTerminal) return
    const cut = text.slice(0, this.width - 1)
    if (cut === this.#fleeting) return
    this.#clear()
    this.#stream.write(cut)
    this.#fleeting = cut
  }

  /** Prints lines that the next one replaces, as many as fit. Each must fit into the width. Nothing where that is not possible. */
  block(lines: readonly string[]): void {
    if (!this.isTerminal) return
    const text = lines.slice(0, this.rows - 1).join('\n')
    if (text === this.#fleeting) return
    this.#clear()
    this.#stream.write(text)
    this.#fleeting = text
  }

  /** Clears the screen, where there is one. */
  clearScreen(): void {
    if (this.isTerminal) this.#stream.write('\x1b[H\x1b[2J')
  }

  #clear(): void {
    const above = this.#fleeting.split('\n').length - 1
    if (above > 0) this.#stream.write(`\r\x1b[${above}A\x1b[J`)
    else if (this.#fleeting !== '') this.#stream.write('\r\x1b[K')
    this.#fleeting = ''
  }
}
