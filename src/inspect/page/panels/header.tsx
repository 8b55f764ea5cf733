import { useRef } from 'preact/hooks'
import type { ConnectionState } from '../connection/connection.js'
import type { Source, Viewer } from '../data/viewModel.js'

/** What the buttons of the header do that is not the viewer's. */
export interface HeaderProps {
  readonly viewer: Viewer
  readonly theme: string
  readonly canConnect: boolean
  readonly onTheme: () => void
  readonly onSave: () => void
  readonly onOpen: (file: File) => void
  readonly onLive: () => void
}

/** The line at the top: where what is shown comes from, and what can be done with it. */
export function Header({ viewer, theme, canConnect, onTheme, onSave, onOpen, onLive }: HeaderProps) {
  const input = useRef<HTMLInputElement>(null)
  const { source, held, store } = viewer
  const isRecording = source.kind === 'recording'
  return (
    <header class="top">
      <h1>
        cutover <span>inspector</span>
      </h1>
      <span class={`source ${lampOf(source)}`} role="status">
        <span class="lamp" aria-hidden="true" />
        <span class="text">{sourceText(source)}</span>
      </span>
      {store.dropped > 0 && (
        <span class="badge warn" title="This page was too slow: the program dropped messages instead of waiting.">
          {store.dropped} dropped
        </span>
      )}
      {held !== undefined && <span class="badge past">{held.length} waiting</span>}
      <span class="grow" />
      {isRecording && canConnect && (
        <button type="button" onClick={onLive}>
          Back to live
        </button>
      )}
      {!isRecording && (
        <button type="button" aria-pressed={held !== undefined} title="Space" onClick={() => viewer.togglePause()}>
          {held === undefined ? 'Pause' : 'Resume'}
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

const LIVE: Readonly<Record<ConnectionState, string>> = {
  connecting: 'Connecting …',
  open: 'Live',
  waiting: 'No connection, trying again …',
  refused: 'Not let in any more',
  closed: 'Not connected',
}

function lampOf(source: Source): string {
  if (source.kind !== 'live') return source.kind
  return source.state === 'open' ? 'open' : 'lost'
}

function sourceText(source: Source): string {
  if (source.kind === 'none') return 'Not connected'
  if (source.kind === 'live') return LIVE[source.state]
  const skipped = source.skipped === 0 ? '' : `, ${source.skipped} lines skipped`
  return `Recording ${source.name}${skipped}`
}
