/// <reference lib="esnext.disposable" preserve="true" />
import type { WebSocketServer } from 'ws'
import type { InspectionEvent } from 'xstate'
import { CutoverError } from '../errors.js'
import { invalidOption } from '../validate.js'
import { Audience } from './clients/clients.js'
import type { Watchable } from './clients/watchedAggregates.js'
import { compileInspectorOptions, type InspectorOptions } from './options.js'
import { InspectorServer } from './server/inspectorServer.js'
import { pageFiles } from './server/pageFiles.js'

/** More than anything that a viewer has to say: they listen. In bytes. */
const MAX_PAYLOAD = 1_024

/** An inspector that listens. It does not keep the process alive. */
export interface Inspector extends AsyncDisposable {
  /** The page's address, with the token in it: who has it sees everything. */
  readonly url: string
  /**
   * Takes XState's inspection events: for the option `inspect` of aggregates, and of XState's `createActor`. Needs no
   * `this`, never throws, and does nothing once the inspector is closed.
   */
  readonly inspect: (event: InspectionEvent) => void
  /**
   * Shows the status of an aggregate, at most ten times a second and only while there are viewers, until the aggregate is
   * disposed of.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`
   */
  watch(aggregate: Watchable): void
  /**
   * Ends all viewers, frees the port and forgets everything. A second call joins the first.
   *
   * @returns when nothing is left, a second later at the latest
   */
  close(): Promise<void>
  /** For `await using`: the same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a server that shows statecharts at work: a page that works offline, and a WebSocket that speaks the messages of
 * `@statelyai/inspect`. Needs the package `ws`.
 *
 * It listens on the loopback address, and answers only to who knows the token in its URL.
 *
 * @throws CutoverError (rejects) `CUTOVER_INVALID_OPTION`, `CUTOVER_INSPECTOR_FAILED` (the port is in use, or `ws` is not
 * installed)
 */
export async function startInspector(options?: InspectorOptions): Promise<Inspector> {
  const compiled = compileInspectorOptions(options)
  const audience = new Audience(compiled)
  const server = new InspectorServer(await webSocketServer(), await pageFiles())
  const url = await server.listen(compiled, {
    hasRoom: () => !audience.isFull,
    take: socket => audience.join(socket),
  })
  let closed: Promise<void> | undefined
  const close = () => {
    if (closed !== undefined) return closed
    // `closed` is set first: a watched aggregate's unsubscribe may call close() or inspect() again.
    let done = () => {}
    closed = new Promise(resolve => {
      done = resolve
    })
    void Promise.all([server.stopListening(), audience.close()]).then(done)
    return closed
  }
  return {
    url,
    inspect: event => {
      try {
        if (closed === undefined) audience.recorder.inspect(event)
      } catch (err) {
        compiled.logger.warn({ err }, 'the inspector cannot make anything of an event')
      }
    },
    watch: aggregate => {
      if (!isWatchable(aggregate)) throw invalidOption('aggregate', 'an Aggregate', aggregate)
      if (closed === undefined) audience.watches.add(aggregate)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The package is needed only by those who inspect. */
async function webSocketServer(): Promise<WebSocketServer> {
  try {
    const { WebSocketServer: Server } = await import('ws')
    return new Server({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      autoPong: false,
      maxPayload: MAX_PAYLOAD,
    })
  } catch (cause) {
    const message = 'The inspector needs the package ws, which cannot be loaded. Install it: npm install ws'
    throw new CutoverError('CUTOVER_INSPECTOR_FAILED', message, { cause })
  }
}

function isWatchable(value: unknown): value is Watchable {
  if (typeof value !== 'object' || value === null) return false
  const { status, watchEvents } = value as Partial<Watchable>
  return typeof status === 'function' && typeof watchEvents === 'function'
}
