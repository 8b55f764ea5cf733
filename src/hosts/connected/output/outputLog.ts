import { type Clock, type Logger, systemClock } from '../../../contract/index.js'
import { readLine } from './outputLine.js'
import type { Tail } from './tail.js'

const NEWLINE = 10
const SECOND = 1_000

export interface OutputLogOptions {
  /** What is longer is cut. @default 16_384 */
  readonly maxLineBytes?: number
  /** What is more is dropped, and counted. @default 1_000 */
  readonly maxLinesPerSecond?: number
  /** Gets everything, also what is dropped. */
  readonly tail?: Tail
  readonly clock?: Clock
}

/**
 * Takes the output of a program and gives it to a logger, line by line.
 *
 * A line of stdout is `info`, one of stderr is `warn`; a JSON object keeps its own level and fields. Memory is one line,
 * however much comes: what is too long is cut, what is too much is dropped, and both are said.
 */
export class OutputLog {
  readonly #stream: 'stdout' | 'stderr'
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #maxLineBytes: number
  readonly #maxLines: number
  readonly #tail: Tail | undefined
  /** The line that has begun and not ended: its first `#length` bytes. Allocated when one is split between chunks. */
  #line: Buffer | undefined
  #length = 0
  /** The rest of the line is not wanted: it was cut, or its beginning was dropped. */
  #skipsRest = false
  /** Lines that the logger still takes in this second. */
  #budget: number
  #dropped = 0
  /** Runs out a second after the first line that it let through. */
  #second: unknown

  constructor(stream: 'stdout' | 'stderr', logger: Logger, options: OutputLogOptions = {}) {
    const { maxLineBytes = 16_384, maxLinesPerSecond = 1_000, tail, clock = systemClock } = options
    this.#stream = stream
    this.#logger = logger
    this.#clock = clock
    this.#maxLineBytes = maxLineBytes
    this.#maxLines = maxLinesPerSecond
    this.#budget = maxLinesPerSecond
    this.#tail = tail
  }

  write(chunk: Buffer): void {
    this.#tail?.write(chunk)
    let from = 0
    while (from < chunk.length) {
      if (this.#budget === 0) {
        this.#drop(chunk, from)
        return
      }
      const newline = chunk.indexOf(NEWLINE, from)
      const end = newline === -1 ? chunk.length : newline
      if (!this.#skipsRest) this.#take(chunk.subarray(from, end), newline !== -1)
      if (newline !== -1) this.#skipsRest = false
      from = end + 1
    }
  }

  /** Gives out the last line, which need not have ended, and says what was dropped. */
  end(): void {
    if (this.#length > 0) this.#emit(this.#takeLine(), false)
    this.#endSecond()
  }

  /** Takes a part of a line. */
  #take(part: Buffer, isLast: boolean): void {
    const room = this.#maxLineBytes - this.#length
    if (isLast && this.#length === 0 && part.length <= room) {
      this.#emit(part, false)
      return
    }
    if (part.length > 0) this.#keep(part.subarray(0, room))
    const isCut = part.length > room
    if (isCut || isLast) this.#emit(this.#takeLine(), isCut)
    this.#skipsRest = isCut
  }

  #keep(part: Buffer): void {
    this.#line ??= Buffer.allocUnsafeSlow(this.#maxLineBytes)
    this.#length += part.copy(this.#line, this.#length)
  }

  #takeLine(): Buffer {
    const line = this.#line?.subarray(0, this.#length) ?? Buffer.alloc(0)
    this.#length = 0
    return line
  }

  #emit(bytes: Buffer, isCut: boolean): void {
    const line = readLine(bytes, this.#stream, isCut)
    if (line === undefined) return
    this.#budget--
    this.#second ??= this.#clock.setTimeout(() => this.#endSecond(), SECOND)
    this.#logger[line.level](line.fields, line.message)
  }

  /** Counts the lines that begin in the rest of `chunk`, and looks at them no closer. */
  #drop(chunk: Buffer, from: number): void {
    let newlines = 0
    for (let at = from; at < chunk.length; at++) if (chunk[at] === NEWLINE) newlines++
    const endsInside = chunk[chunk.length - 1] !== NEWLINE
    this.#dropped += newlines + Number(endsInside) - Number(this.#skipsRest)
    this.#skipsRest = endsInside
  }

  #endSecond(): void {
    this.#clock.clearTimeout(this.#second)
    this.#second = undefined
    this.#budget = this.#maxLines
    const dropped = this.#dropped
    this.#dropped = 0
    if (dropped === 0) return
    const count = dropped.toLocaleString('en')
    this.#logger.warn(
      { stream: this.#stream, dropped },
      `${count} ${dropped === 1 ? 'line was' : 'lines were'} dropped`,
    )
  }
}
