import { useRef } from 'preact/hooks'
import type { ConnectionState } from '../connection/index.js'
import type { Source, ViewModel } from '../data/index.js'

/** The view, and the handlers of the buttons that concern more than it. */
export interface HeaderProps {
  readonly view: ViewModel
  readonly theme: string
  readonly canConnect: boolean
  readonly onTheme: () => void
  readonly onSave: () => void
  readonly onOpen: (file: File) => void
  readonly onLive: () => void
}

/** The bar at the top: the source of the shown data, and the buttons. */
export function Header({ view, theme, canConnect, onTheme, onSave, onOpen, onLive }: HeaderProps) {
  const input = useRef<HTMLInputElement>(null)
  const { source, pausedMessages, store } = view
  const isRecording = source.kind === 'recording'
  return (
    <header class="top">
      <h1>
        cutover <span>inspector</span>
      </h1>
      <span class={`source ${sourceClass(source)}`} role="status">
        <span class="status-dot" aria-hidden="true" />
        <span class="text" title={sourceText(source)}>
          {sourceText(source)}
        </span>
      </span>
      {store.dropped > 0 && (
        <span class="badge warn" title="This page was too slow, so the program dropped messages instead of waiting.">
          {store.dropped} dropped
        </span>
      )}
      {pausedMessages !== undefined && <span class="badge past">{pausedMessages.length} waiting</span>}
      <span class="spacer" />
      {isRecording && canConnect && (
        <button type="button" onClick={onLive}>
          Back to live
        </button>
      )}
      {!isRecording && (
        <button
          type="button"
          aria-pressed={pausedMessages !== undefined}
          title="Space"
          onClick={() => view.togglePause()}
        >
          {pausedMessages === undefined ? 'Pause' : 'Resume'}
        </button>
      )}
      <button type="button" onClick={onSave}>
        Save
      </button>
      <button type="button" onClick={() => input.current?.click()}>
        Open
      </button>
      <input
        ref={input}
        id="file"
        type="file"
        hidden
        onChange={event => {
          const file = event.currentTarget.files?.[0]
          event.currentTarget.value = ''
          if (file !== undefined) onOpen(file)
        }}
      />
      <button type="button" aria-label={`Switch to ${theme === 'dark' ? 'light' : 'dark'} colours`} onClick={onTheme}>
        {theme === 'dark' ? 'Light' : 'Dark'}
      </button>
    </header>
  )
}

const LIVE_TEXTS: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting …',
  checking: 'Connecting …',
  open: 'Live',
  waiting: 'No connection, retrying …',
  refused: 'Access refused',
  closed: 'Not connected',
}

function sourceClass(source: Source): string {
  if (source.kind !== 'live') return source.kind
  return source.state === 'open' ? 'open' : 'lost'
}

function sourceText(source: Source): string {
  if (source.kind === 'none') return 'Not connected'
  if (source.kind === 'live') return LIVE_TEXTS[source.state]
  const lines = source.skipped === 1 ? 'line' : 'lines'
  const skipped = source.skipped === 0 ? '' : `, ${source.skipped} ${lines} skipped`
  return `Recording ${source.name}${skipped}`
}
