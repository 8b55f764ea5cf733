import type { Logger } from '../../../contract/index.js'
import { printable } from '../../../support/index.js'

type Level = keyof Logger

/** A line in the form that the logger gets. */
export interface OutputLine {
  readonly level: Level
  readonly fields: object
  readonly message: string
}

/** The names of pino, winston and syslog, and those of runtimes of Oasis Core: TRCE, DEBG, INFO, WARN, ERRO, CRIT. */
const NAMES: Readonly<Record<Level, readonly string[]>> = {
  debug: ['trace', 'trce', 'debug', 'debg', 'silly', 'verbose'],
  info: ['info', 'http', 'notice'],
  warn: ['warn', 'warning'],
  error: ['error', 'err', 'erro', 'fatal', 'crit', 'critical', 'alert', 'emerg', 'panic'],
}
const LEVEL_OF_NAME = new Map(
  Object.entries(NAMES).flatMap(([level, names]) => names.map(name => [name, level as Level] as const)),
)

const OPENING_BRACE = 0x7b

/** Fields that identify the guest. Its own fields of these names are kept as `guest.version` and so on. */
const OURS: ReadonlySet<string> = new Set(['runtime', 'version', 'stream'])

/**
 * Parses one line of output. Undefined for an empty line.
 *
 * A JSON object is a log record: it keeps its level (a pino number or a name), its fields and its message (`msg` or `message`).
 * Any other line is text, `info` on stdout and `warn` on stderr. Control characters are always escaped.
 */
export function readLine(bytes: Buffer, stream: 'stdout' | 'stderr', isCut: boolean): OutputLine | undefined {
  const level = stream === 'stdout' ? 'info' : 'warn'
  const plain = (text: string) => ({ level, fields: { stream }, message: printable(text) }) as const
  if (isCut) return plain(`${wholeCharacters(bytes)}… (cut at ${size(bytes)} bytes)`)
  const record = bytes[0] === OPENING_BRACE ? parseObject(bytes) : undefined
  if (record !== undefined) return readRecord(record, stream, level)
  const text = bytes.toString('utf8').trimEnd()
  return text === '' ? undefined : plain(text)
}

function readRecord(record: Record<string, unknown>, stream: string, otherwise: Level): OutputLine {
  const known = levelOf(record['level'])
  const key = ['msg', 'message'].find(name => typeof record[name] === 'string')
  const unwanted = new Set([known === undefined ? undefined : 'level', key])
  const fields = Object.fromEntries(
    Object.entries(record)
      .filter(([name]) => !unwanted.has(name))
      .map(([name, value]) => [OURS.has(name) ? `guest.${name}` : name, value]),
  )
  const message = key === undefined ? '' : String(record[key])
  return { level: known ?? otherwise, fields: { stream, ...fields }, message }
}

function levelOf(level: unknown): Level | undefined {
  if (typeof level === 'string') {
    return LEVEL_OF_NAME.get(level.toLowerCase())
  }
  if (typeof level !== 'number') return undefined
  if (level >= 50) return 'error'
  if (level >= 40) return 'warn'
  return level >= 30 ? 'info' : 'debug'
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const text = bytes.toString('utf8')
    // Most lines contain no control character, escaped or not.
    return text.includes('\\') || printable(text) !== text ? JSON.parse(text, printableValue) : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A reviver for `JSON.parse`, which calls it for inner values first. */
function printableValue(_: string, value: unknown): unknown {
  if (typeof value === 'string') return printable(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [printable(name), inner]))
}

function size(bytes: Buffer): string {
  return bytes.length.toLocaleString('en')
}

/** The text without a character that was cut in half. */
function wholeCharacters(bytes: Buffer): string {
  let end = bytes.length
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if ((byte & 0xc0) === 0x80) continue
    const needs = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    if (needs > back) end -= back
    break
  }
  return bytes.toString('utf8', 0, end)
}
