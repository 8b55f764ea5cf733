import { asError, type Logger } from '../../contract/index.js'
import { printable } from '../../support/index.js'
import type { LogLine } from '../events.js'

/** How many lines `cutover logs` can look back. */
const KEPT = 1_000
/** The fields that the library adds to each line of a guest. */
const OURS: ReadonlySet<string> = new Set(['runtime', 'aggregate', 'version', 'instance', 'stream'])

/** The output of the application and of the service, line by line. */
export class ServiceLog {
  readonly #write: (text: string) => void
  readonly #lines: LogLine[] = []
  readonly #followers = new Set<(line: LogLine) => void>()

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** For the output of the processes of a version. */
  readonly guests: Logger = {
    debug: (fields, message) => this.#guest('debug', fields, message),
    info: (fields, message) => this.#guest('info', fields, message),
    warn: (fields, message) => this.#guest('warn', fields, message),
    error: (fields, message) => this.#guest('error', fields, message),
  }

  /** For the library. The rollout reports its own steps. */
  readonly own: Logger = {
    debug: () => {},
    info: () => {},
    warn: (fields, message) => this.say(`${message}${rest(fields)}`),
    error: (fields, message) => this.say(`${message}${rest(fields)}`),
  }

  /** A line of the service itself. */
  say(text: string): void {
    this.#add(`cutover: ${text}`)
  }

  /** The last lines. */
  get lines(): readonly LogLine[] {
    return this.#lines
  }

  /** Hears each further line. Returns a function that ends this. */
  follow(follower: (line: LogLine) => void): () => void {
    this.#followers.add(follower)
    return () => this.#followers.delete(follower)
  }

  #guest(level: keyof Logger, fields: object, message: string): void {
    const { version, instance, stream } = fields as Readonly<Record<string, unknown>>
    const name = `${version}${instance === undefined ? '' : `#${instance}`}`
    // The host of the processes tells of them in the same log.
    if (stream === undefined) this.own[level](fields, `${name}: ${message}`)
    else this.#add(`${name}: ${message}${rest(fields)}`)
  }

  #add(given: string): void {
    // Errors of guests may hold what steers a terminal.
    const text = printable(given)
    const line = { time: new Date().toISOString(), text }
    this.#lines.push(line)
    if (this.#lines.length > KEPT) this.#lines.shift()
    this.#write(text)
    for (const follower of this.#followers) follower(line)
  }
}

/** The fields that the application, or a warning of the library, has added. */
function rest(fields: object): string {
  const { err, ...others } = fields as Readonly<Record<string, unknown>>
  const own = Object.entries(others).filter(([name]) => !OURS.has(name))
  const error = err === undefined ? '' : `: ${typeof err === 'object' ? asError(err).message : String(err)}`
  return `${error}${own.length === 0 ? '' : ` ${JSON.stringify(Object.fromEntries(own))}`}`
}
