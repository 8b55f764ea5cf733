import type { SizedMessage } from './messageQueue.js'
import { type ReceivedMessage, toMessage } from './receivedMessage.js'

const HEADER = { type: '@cutover.recording', version: 1 } as const

/** The reason why a file cannot be shown. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}

/** The content of a recording. */
export interface Recording {
  readonly messages: readonly SizedMessage[]
  /** How many lines were skipped because they are not messages. */
  readonly skipped: number
}

/** Writes a recording: newline-delimited JSON, with a header line and then the messages in order. */
export function writeRecording(messages: readonly ReceivedMessage[]): string {
  return `${[HEADER, ...messages].map(it => JSON.stringify(it)).join('\n')}\n`
}

/** Reads a recording. @throws RecordingError if the file is not a recording, or has a later version */
export function readRecording(text: string): Recording {
  // Check the header before the file is split: another file may be large, with millions of lines.
  const end = text.indexOf('\n') === -1 ? text.length : text.indexOf('\n')
  checkHeader(text.slice(0, end).trim())
  const lines = text
    .slice(end)
    .split('\n')
    .filter(line => line.trim() !== '')
  const messages = lines.flatMap(line => {
    const message = toMessage(parseJson(line))
    return message === undefined ? [] : [{ message, size: line.length }]
  })
  return { messages, skipped: lines.length - messages.length }
}

function checkHeader(line: string): void {
  const header = parseJson(line) as { type?: unknown; version?: unknown } | null | undefined
  if (typeof header !== 'object' || header === null || header.type !== HEADER.type) {
    throw new RecordingError('This file is not a recording: its first line is not the header of one.')
  }
  if (header.version !== HEADER.version) {
    throw new RecordingError(`This recording has version ${String(header.version)}; this page reads version 1.`)
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
