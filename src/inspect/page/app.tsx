import { render } from 'preact'
import { acceptDrops, saveFile } from './browser/files.js'
import { listenToKeys } from './browser/keys.js'
import { createTheme } from './browser/theme.js'
import { Drawings, draw } from './chart/chartLayout.js'
import { ChartPanel } from './chart/chartPanel.js'
import { createLayout } from './chart/layoutEngine.js'
import { measureText } from './chart/measureText.js'
import { type ConnectionState, connect, isRefused, socketUrl } from './connection/connection.js'
import { Viewer } from './data/viewModel.js'
import { ActorTree } from './panels/actorTree.js'
import { Details } from './panels/details.js'
import { EventLog } from './panels/eventLog.js'
import { Header } from './panels/header.js'
import { TimelinePanel } from './panels/timelinePanel.js'

/** About the shape of the room that a chart has. */
const ASPECT = 1.4

/** Shows the page in an element, for as long as the document is there. */
export function start(root: HTMLElement): void {
  const redraw = oncePerFrame(() => show())
  const viewer = new Viewer(redraw)
  const layout = createLayout()
  const drawings = new Drawings(chart => draw(chart, layout, measureText, ASPECT), redraw)
  const theme = createTheme(redraw)
  const url = socketUrl(location)
  let disconnect = () => {}
  const goLive = () => {
    if (url === undefined) return
    disconnect()
    viewer.closeRecording()
    const handlers = {
      state: (state: ConnectionState) => viewer.connection(state),
      text: (text: string) => viewer.receive(text),
    }
    disconnect = connect(url, handlers, () => isRefused(location))
  }
  const open = async (file: File) => {
    if (viewer.open(file.name, await file.text())) disconnect()
  }
  const show = () =>
    render(
      <div class="app">
        <Header
          viewer={viewer}
          theme={theme.current()}
          canConnect={url !== undefined}
          onTheme={theme.toggle}
          onSave={() => saveFile('recording.ndjson', viewer.save())}
          onOpen={file => void open(file)}
          onLive={goLive}
        />
        {viewer.notice !== undefined && (
          <div class="notice" role="alert">
            {viewer.notice}
            <button type="button" class="small" onClick={() => viewer.set({ notice: undefined })}>
              Dismiss
            </button>
          </div>
        )}
        <main>
          <ActorTree viewer={viewer} />
          <ChartPanel viewer={viewer} drawings={drawings} />
          <EventLog viewer={viewer} />
          <TimelinePanel viewer={viewer} now={nowOf(viewer)} />
          <Details viewer={viewer} />
        </main>
      </div>,
      root,
    )
  listenToKeys(document, viewer)
  acceptDrops(document, file => void open(file))
  // The bars of what runs grow, also while nothing happens.
  setInterval(() => {
    if (viewer.source.kind === 'live' && viewer.held === undefined) redraw()
  }, 1_000)
  goLive()
  redraw()
}

/** The program's time: that of its last message, and what has passed since. */
function nowOf({ store, source, held, heardAt }: Viewer): number {
  const isMoving = source.kind === 'live' && source.state === 'open' && held === undefined
  return store.timeline.last + (isMoving ? Date.now() - heardAt : 0)
}

/** However often it is asked for, at most once per frame. */
function oncePerFrame(act: () => void): () => void {
  const asked = new Set<number>()
  const frame = () => {
    asked.clear()
    act()
  }
  return () => {
    if (asked.size === 0) asked.add(requestAnimationFrame(frame))
  }
}
