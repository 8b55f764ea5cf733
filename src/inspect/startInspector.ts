/// <reference lib="esnext.disposable" preserve="true" />
import type { InspectionEvent } from 'xstate'
import { invalidOption } from '../contract/index.js'
import {
  Clients,
  type Watchable,
  type WatchableAggregate,
  type WatchableComposite,
  type WatchableRollout,
} from './clients/index.js'
import { compileInspectorOptions, type InspectorOptions } from './options.js'
import { createWebSocketServer, InspectorServer, pageFiles } from './server/index.js'

/** A running inspector. It does not keep the process alive. */
export interface Inspector extends AsyncDisposable {
  /** The page's address, with the token in it. Anyone who has this URL sees everything. */
  readonly url: string
  /**
   * Takes XState's inspection events: pass it as the option `inspect` of an aggregate, a host or `createActor`. Needs no
   * `this`, never throws, and does nothing once the inspector is closed.
   */
  readonly inspect: (event: InspectionEvent) => void
  /**
   * Shows the status and the metrics of an aggregate, or where a rollout stands and what its judge finds, until it is disposed. Reads
   * the status ten times a second and the metrics once a second, and only while a client is connected. Of a composite it shows
   * each component that it has now.
   *
   * @throws CutoverError `CUTOVER_INVALID_OPTION`
   */
  watch(watched: Watchable | WatchableComposite): void
  /**
   * Disconnects all clients, frees the port and forgets everything. A second call joins the first.
   *
   * @returns when all of that is done, within about a second
   */
  close(): Promise<void>
  /** For `await using`: the same as {@link close}. */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Starts a server that shows running statecharts: a page that works offline, and a WebSocket with the messages of
 * `@statelyai/inspect`. Needs the package `ws`.
 *
 * Listens on the loopback address, and serves only clients that know the token in its URL.
 *
 * @throws CutoverError (rejects) `CUTOVER_INVALID_OPTION`, `CUTOVER_INSPECTOR_FAILED` (the port is in use, or `ws` is not
 * installed)
 */
export async function startInspector(options?: InspectorOptions): Promise<Inspector> {
  const compiled = compileInspectorOptions(options)
  const clients = new Clients(compiled)
  const server = new InspectorServer(await createWebSocketServer(), await pageFiles())
  const url = await server.listen(compiled, {
    isFull: () => clients.isFull,
    accept: socket => clients.add(socket),
  })
  let closed: Promise<void> | undefined
  const close = () => {
    if (closed !== undefined) return closed
    // `closed` is set first: the unsubscribe of a watched aggregate may call close() or inspect() again.
    let done = () => {}
    closed = new Promise(resolve => {
      done = resolve
    })
    void Promise.all([server.stopListening(), clients.close()]).then(done)
    return closed
  }
  return {
    url,
    inspect: event => {
      try {
        if (closed === undefined) clients.recorder.inspect(event)
      } catch (err) {
        compiled.logger.warn({ err }, 'the inspector cannot read an inspection event')
      }
    },
    watch: target => {
      const watched = isComposite(target) ? target.components().map(id => target.component(id)) : [target]
      if (!watched.every(isWatchable)) throw invalidOption('watched', 'an Aggregate, a Composite or a Rollout', target)
      if (closed !== undefined) return
      for (const one of watched) clients.watched.add(one)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isComposite(value: unknown): value is WatchableComposite {
  if (typeof value !== 'object' || value === null) return false
  const { component, components } = value as Partial<WatchableComposite>
  return typeof component === 'function' && typeof components === 'function'
}

function isWatchable(value: unknown): value is Watchable {
  if (typeof value !== 'object' || value === null) return false
  const { status, watchEvents, watch } = value as Partial<WatchableAggregate & WatchableRollout>
  return typeof status === 'function' && [watchEvents, watch].some(method => typeof method === 'function')
}
