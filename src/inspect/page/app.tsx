import { render } from 'preact'
import { acceptDrops, createTheme, listenToKeys, oncePerFrame, saveFile } from './browser/index.js'
import {
  ChartPanel,
  createElkWorker,
  createLayoutEngine,
  LayoutCache,
  layoutChart,
  measureText,
  type OwnLayouts,
  ownLayoutFinder,
} from './chart/index.js'
import { connect, isRefused, socketUrl } from './connection/index.js'
import { ViewModel } from './data/index.js'
import { ActorTree, Details, EventLog, Header, SequencePanel, TimelinePanel, ViewTabs } from './panels/index.js'

/** Filled in by the build of the page. */
declare const OWN_LAYOUTS: OwnLayouts

/** How often the timeline moves on while no messages arrive, in ms. */
const TIMELINE_PERIOD = 1_000

/** Shows the page in an element. It stays until the document is closed. */
export function start(root: HTMLElement): void {
  const redraw = oncePerFrame(() => show())
  const view = new ViewModel(redraw)
  const engine = createLayoutEngine(createElkWorker)
  const findOwn = ownLayoutFinder(OWN_LAYOUTS, measureText)
  const layouts = new LayoutCache(chart => findOwn(chart) ?? layoutChart(chart, engine, measureText), redraw)
  const theme = createTheme(redraw)
  const url = socketUrl(location)
  let disconnect = () => {}
  const goLive = () => {
    if (url === undefined) return
    disconnect()
    view.closeRecording()
    const handlers = {
      onState: view.connectionChanged.bind(view),
      onText: view.receive.bind(view),
    }
    disconnect = connect(url, handlers, () => isRefused(location))
  }
  const open = async (file: File) => {
    if (view.open(file.name, await file.text())) disconnect()
  }
  const show = () =>
    render(
      <div class="app">
        <Header
          view={view}
          theme={theme.current()}
          canConnect={url !== undefined}
          onTheme={theme.toggle}
          onSave={() => saveFile('recording.ndjson', view.save())}
          onOpen={file => void open(file)}
          onLive={goLive}
        />
        {view.notice !== undefined && (
          <div class="notice" role="alert">
            {view.notice}
            <button type="button" class="small" onClick={() => view.set({ notice: undefined })}>
              Dismiss
            </button>
          </div>
        )}
        <main>
          <ActorTree view={view} />
          {view.shows === 'chart' ? (
            <ChartPanel view={view} layouts={layouts} tabs={<ViewTabs view={view} />} />
          ) : (
            <SequencePanel view={view} tabs={<ViewTabs view={view} />} />
          )}
          <EventLog view={view} />
          <TimelinePanel view={view} now={programTime(view)} />
          <Details view={view} />
        </main>
      </div>,
      root,
    )
  listenToKeys(document, view)
  acceptDrops(document, file => void open(file))
  setInterval(() => {
    if (view.source.kind === 'live' && view.pausedMessages === undefined) redraw()
  }, TIMELINE_PERIOD)
  goLive()
  redraw()
}

/** The time by the program's clock: that of its last message, plus the time since then. */
function programTime({ store, source, pausedMessages, lastMessageAt }: ViewModel): number {
  const isMoving = source.kind === 'live' && source.state === 'open' && pausedMessages === undefined
  return store.timeline.last + (isMoving ? Date.now() - lastMessageAt : 0)
}
