import { type Clock, type Logger, systemClock } from '../../../contract/index.js'
import { readLine } from './outputLine.js'
import type { Tail } from './tail.js'

const NEWLINE = 10
const SECOND = 1_000

export interface OutputLogOptions {
  /** Longer lines are cut. @default 16_384 */
  readonly maxLineBytes?: number
  /** Further lines are dropped and counted. @default 1_000 */
  readonly maxLinesPerSecond?: number
  /** Gets all output, including what the log drops. */
  readonly tail?: Tail
  readonly clock?: Clock
}

/**
 * Writes the output of a program to a logger, line by line.
 *
 * stdout is logged as `info`, stderr as `warn`; a JSON object keeps its own level and fields. Memory is bounded by one line:
 * long lines are cut, lines above the rate limit are dropped and counted, and both are logged.
 */
export class OutputLog {
  readonly #stream: 'stdout' | 'stderr'
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #maxLineBytes: number
  readonly #maxLines: number
  readonly #tail: Tail | undefined
  /** The first `#length` bytes of an unfinished line. Allocated when a line is split between chunks. */
  #line: Buffer | undefined
  #length = 0
  /** Whether to skip the rest of the line: it was cut, or its beginning was dropped. */
  #skipsRest = false
  /** The number of lines that may still be logged in this second. */
  #budget: number
  #dropped = 0
  /** Fires one second after the first logged line. */
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

  /** Logs the last line, finished or not, and the number of dropped lines. */
  end(): void {
    if (this.#length > 0) this.#emit(this.#takeLine(), false)
    this.#endSecond()
  }

  /** Appends a part of a line. */
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

  /** Counts the lines that begin in the rest of `chunk`, without reading them. */
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
