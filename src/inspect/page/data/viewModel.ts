import type { ConnectionState } from '../connection/index.js'
import { compactQueue, type SizedMessage } from './messageQueue.js'
import { parseMessage } from './receivedMessage.js'
import { RecordingError, readRecording, writeRecording } from './recordingFile.js'
import { type LogEntry, Store } from './store.js'

/** Where the shown messages come from. */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'live'; readonly state: ConnectionState }
  | { readonly kind: 'recording'; readonly name: string; readonly skipped: number }

/** The settings that the user changes by {@link ViewModel.set}. */
type Settings = Pick<ViewModel, 'search' | 'onlySelected' | 'hidesStopped' | 'notice' | 'shows'>

const MAX_PAUSED_MESSAGES = 10_000
const REFUSED =
  'The program was restarted and has a new address. Open the address that it printed. This page still shows the data from before, and you can save it.'

/** The content of the page and the selection of the user, without the document. Reports every change. */
export class ViewModel {
  store = new Store()
  source: Source = { kind: 'none' }
  /** The session id of the selected actor. */
  selectedId: string | undefined
  selectedEntry: LogEntry | undefined
  search = ''
  /** Whether the log shows only the selected actor. */
  onlySelected = false
  hidesStopped = true
  /** The content of the large panel. */
  shows: 'chart' | 'sequence' = 'chart'
  /** The session ids of the actors whose children are collapsed. */
  readonly collapsed = new Set<string>()
  /** A text for the user, until the user dismisses it. */
  notice: string | undefined
  /** The messages that arrived since the user paused; undefined while the page is not paused. */
  pausedMessages: SizedMessage[] | undefined
  /** When the last message arrived, by the page's clock. */
  lastMessageAt = 0
  readonly #changed: () => void
  readonly #now: () => number
  /** Whether the next message belongs to a new connection, on which the program sends everything again. */
  #replacesStore = true

  constructor(changed: () => void, now: () => number = Date.now) {
    this.#changed = changed
    this.#now = now
  }

  connectionChanged(state: ConnectionState): void {
    if (this.source.kind === 'recording') return
    if (state === 'open') this.#replacesStore = true
    if (state === 'refused') this.notice = REFUSED
    this.source = { kind: 'live', state }
    this.#changed()
  }

  /** Takes in a message. Ignores any other text. */
  receive(text: string): void {
    const message = parseMessage(text)
    if (message === undefined || this.source.kind === 'recording') return
    this.lastMessageAt = this.#now()
    const sized = { message, size: text.length }
    if (this.pausedMessages === undefined) this.#apply(sized)
    else {
      this.pausedMessages.push(sized)
      if (this.pausedMessages.length > MAX_PAUSED_MESSAGES) {
        this.pausedMessages = compactQueue(this.pausedMessages, MAX_PAUSED_MESSAGES / 2)
      }
    }
    this.#changed()
  }

  /** Pauses, or resumes and applies the messages that arrived meanwhile. */
  togglePause(): void {
    if (this.source.kind === 'recording') return
    const messages = this.pausedMessages
    this.pausedMessages = messages === undefined ? [] : undefined
    for (const it of messages ?? []) this.#apply(it)
    this.#changed()
  }

  select(sessionId: string | undefined): void {
    this.selectedId = sessionId
    this.store.pinned = sessionId
    this.selectedEntry = undefined
    this.#changed()
  }

  /** Selects an entry of the log and its actor. Without an entry, shows the present again. */
  selectEntry(entry: LogEntry | undefined): void {
    if (entry !== undefined) {
      this.selectedId = entry.sessionId
      this.store.pinned = entry.sessionId
    }
    this.selectedEntry = entry
    this.#changed()
  }

  set(settings: Partial<Settings>): void {
    Object.assign(this, settings)
    this.#changed()
  }

  /** Collapses or expands the children of an actor. */
  collapse(sessionId: string, isCollapsed: boolean): void {
    if (isCollapsed) this.collapsed.add(sessionId)
    else this.collapsed.delete(sessionId)
    this.#changed()
  }

  /** The text of a recording of what is shown. */
  save(): string {
    return writeRecording(this.store.recording())
  }

  /** Shows a recording. If the file is not one, sets a notice and changes nothing else. @returns whether it is shown */
  open(name: string, text: string): boolean {
    try {
      const { messages, skipped } = readRecording(text)
      this.#reset()
      for (const it of messages) this.#apply(it)
      this.source = { kind: 'recording', name, skipped }
      return true
    } catch (error) {
      if (!(error instanceof RecordingError)) throw error
      this.notice = `${name}: ${error.message}`
      return false
    } finally {
      this.#changed()
    }
  }

  closeRecording(): void {
    this.#reset()
    this.source = { kind: 'none' }
    this.#changed()
  }

  #reset(): void {
    this.store = new Store()
    this.pausedMessages = undefined
    this.selectedId = undefined
    this.selectedEntry = undefined
    this.notice = undefined
    this.collapsed.clear()
  }

  #apply({ message, size }: SizedMessage): void {
    if (this.#replacesStore && this.source.kind === 'live') {
      this.#replacesStore = false
      this.store = new Store()
      this.store.pinned = this.selectedId
      this.selectedEntry = undefined
    }
    this.store.apply(message, size)
    if (this.selectedId === undefined && message.type === '@xstate.actor') this.select(message.sessionId)
  }
}
