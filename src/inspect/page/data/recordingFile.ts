import { type Message, toMessage } from './receivedMessage.js'

const HEAD = { type: '@cutover.recording', version: 1 } as const

/** Why a file cannot be shown. */
export class RecordingError extends Error {
  override readonly name = 'RecordingError'
}

/** What a recording has, and what was left out of it because it is no message. */
export interface Recording {
  readonly messages: readonly { readonly message: Message; readonly size: number }[]
  readonly skipped: number
}

/** The text of a recording: newline-delimited JSON, a line that says what it is, then the messages in order. */
export function writeRecording(messages: readonly Message[]): string {
  return `${[HEAD, ...messages].map(it => JSON.stringify(it)).join('\n')}\n`
}

/** Reads a recording. @throws RecordingError it is none, or one of a later version */
export function readRecording(text: string): Recording {
  // The first line on its own: what is no recording may be large, and have millions of lines.
  const end = text.indexOf('\n') === -1 ? text.length : text.indexOf('\n')
  assertHead(text.slice(0, end).trim())
  const filled = text
    .slice(end)
    .split('\n')
    .filter(line => line.trim() !== '')
  const messages = filled.flatMap(line => {
    const message = toMessage(parsed(line))
    return message === undefined ? [] : [{ message, size: line.length }]
  })
  return { messages, skipped: filled.length - messages.length }
}

function assertHead(line: string): void {
  const head = parsed(line) as { type?: unknown; version?: unknown } | null | undefined
  if (typeof head !== 'object' || head === null || head.type !== HEAD.type) {
    throw new RecordingError('This file is not a recording: its first line does not say so.')
  }
  if (head.version !== HEAD.version) {
    throw new RecordingError(`This recording has version ${String(head.version)}; this page reads version 1.`)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
