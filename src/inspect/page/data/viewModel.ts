import type { ConnectionState } from '../connection/connection.js'
import { compact, type Queued } from './messageQueue.js'
import { type Message, parseMessage } from './receivedMessage.js'
import { RecordingError, readRecording, writeRecording } from './recordingFile.js'
import { type Entry, Store } from './store.js'

/** Where what is shown comes from. */
export type Source =
  | { readonly kind: 'none' }
  | { readonly kind: 'live'; readonly state: ConnectionState }
  | { readonly kind: 'recording'; readonly name: string; readonly skipped: number }

const MAX_QUEUED = 10_000
const REFUSED =
  'The program has been started anew, with another address: open the one that it has printed. What is shown here is from before; it can still be saved.'

/** What is shown, and what the user has chosen; every change is told. Knows nothing of the document. */
export class Viewer {
  store = new Store()
  source: Source = { kind: 'none' }
  /** The actor that is looked at. */
  selected: string | undefined
  /** The line of the log that is looked at. */
  entry: Entry | undefined
  search = ''
  onlySelected = false
  hidesStopped = false
  readonly collapsed = new Set<string>()
  /** What to tell the user, until it is put away. */
  notice: string | undefined
  /** Messages that came while the page holds still; undefined while it does not. */
  held: Queued[] | undefined
  /** When the last message came, by the page's clock. */
  heardAt = 0
  readonly #changed: () => void
  readonly #now: () => number
  #isFresh = true

  constructor(changed: () => void, now: () => number = Date.now) {
    this.#changed = changed
    this.#now = now
  }

  /** The connection moved on. Once it is open again, the program tells everything anew. */
  connection(state: ConnectionState): void {
    if (this.source.kind === 'recording') return
    if (state === 'open') this.#isFresh = true
    if (state === 'refused') this.notice = REFUSED
    this.source = { kind: 'live', state }
    this.#changed()
  }

  /** A message came; what is none is left out. */
  receive(text: string): void {
    const message = parseMessage(text)
    if (message === undefined || this.source.kind === 'recording') return
    this.heardAt = this.#now()
    if (this.held === undefined) this.#apply({ message, size: text.length })
    else {
      this.held.push({ message, size: text.length })
      if (this.held.length > MAX_QUEUED) this.held = compact(this.held, MAX_QUEUED / 2)
    }
    this.#changed()
  }

  /** Holds still, or goes on from where the program is by now. */
  togglePause(): void {
    if (this.source.kind === 'recording') return
    const held = this.held
    this.held = held === undefined ? [] : undefined
    for (const it of held ?? []) this.#apply(it)
    this.#changed()
  }

  /** Looks at an actor. */
  select(sessionId: string | undefined): void {
    this.selected = sessionId
    this.store.kept = sessionId
    this.entry = undefined
    this.#changed()
  }

  /** Looks at a line of the log, and at its actor; at none, to go on with the present. */
  look(entry: Entry | undefined): void {
    if (entry !== undefined) {
      this.selected = entry.sessionId
      this.store.kept = entry.sessionId
    }
    this.entry = entry
    this.#changed()
  }

  /** Changes what the user has chosen. */
  set(choice: Partial<Pick<Viewer, 'search' | 'onlySelected' | 'hidesStopped' | 'notice'>>): void {
    Object.assign(this, choice)
    this.#changed()
  }

  /** Folds the children of an actor away, or back. */
  fold(sessionId: string, isFolded: boolean): void {
    if (isFolded) this.collapsed.add(sessionId)
    else this.collapsed.delete(sessionId)
    this.#changed()
  }

  /** What is shown, as the text of a recording. */
  save(): string {
    return writeRecording(this.store.recording())
  }

  /** Shows a recording; a file that is none is told, and nothing else changes. @returns whether it is shown */
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

  /** Forgets the recording: the program may be shown again. */
  closeRecording(): void {
    this.#reset()
    this.source = { kind: 'none' }
    this.#changed()
  }

  #reset(): void {
    this.store = new Store()
    this.held = undefined
    this.selected = undefined
    this.entry = undefined
    this.notice = undefined
    this.#isFresh = false
    this.collapsed.clear()
  }

  #apply({ message, size }: { readonly message: Message; readonly size: number }): void {
    if (this.#isFresh && this.source.kind === 'live') {
      this.#isFresh = false
      this.store = new Store()
      this.store.kept = this.selected
      this.entry = undefined
    }
    this.store.apply(message, size)
    if (this.selected === undefined && message.type === '@xstate.actor') this.select(message.sessionId)
  }
}
