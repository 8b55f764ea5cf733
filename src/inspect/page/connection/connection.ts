import { createActor, type SnapshotFrom } from 'xstate'
import { type PageConnectionEffect, pageConnectionMachine } from './pageConnectionMachine.js'

/** The state of the connection. */
export type ConnectionState = SnapshotFrom<typeof pageConnectionMachine>['value']

/** The reports of a connection. */
export interface ConnectionHandlers {
  readonly onState: (state: ConnectionState) => void
  readonly onText: (text: string) => void
}

/** The address of the program's WebSocket, from the page's own address; undefined without a token. */
export function socketUrl(page: { readonly host: string; readonly search: string; readonly protocol: string }) {
  const token = new URLSearchParams(page.search).get('token')
  if (token === null || !page.protocol.startsWith('http')) return undefined
  const scheme = page.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${page.host}/socket?token=${encodeURIComponent(token)}`
}

const ACCESS_CHECK_TIMEOUT = 10_000

/** Whether the program answers 401 for the page's own address. A WebSocket does not tell why it was refused. */
export async function isRefused(page: { readonly href: string }): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ACCESS_CHECK_TIMEOUT)
    const { status } = await fetch(page.href, { method: 'HEAD', signal })
    return status === 401
  } catch {
    return false
  }
}

/**
 * Connects, and connects again after each end, until it is closed or refused.
 *
 * @param checkRefused - called if a socket cannot be opened: whether the program will never accept this page
 * @returns closes the connection for good; a second call does nothing
 */
export function connect(
  url: string,
  { onState, onText }: ConnectionHandlers,
  checkRefused: () => Promise<boolean>,
): () => void {
  let current: WebSocket | undefined
  const closeSocket = () => {
    const socket = current
    current = undefined
    socket?.close()
  }
  const openSocket = () => {
    const socket = new WebSocket(url)
    current = socket
    // A socket that was closed by `closeSocket` may still report events.
    const ifCurrent = (act: () => void) => () => {
      if (current === socket) act()
    }
    socket.onopen = ifCurrent(() => actor.send({ type: 'opened' }))
    socket.onclose = ifCurrent(() => actor.send({ type: 'closed' }))
    socket.onmessage = ({ data }) => {
      if (current === socket && typeof data === 'string') onText(data)
    }
  }
  const checkAccess = async () => {
    const refused = await checkRefused()
    // The connection may have been closed meanwhile.
    if (actor.getSnapshot().value === 'checking') actor.send({ type: refused ? 'refused' : 'allowed' })
  }
  const perform = ({ type }: PageConnectionEffect) => {
    if (type === 'openSocket') openSocket()
    else if (type === 'closeSocket') closeSocket()
    else void checkAccess()
  }
  const actor = createActor(pageConnectionMachine)
  actor.on('*', perform)
  actor.subscribe(({ value }) => onState(value))
  actor.start()
  return () => {
    if (actor.getSnapshot().status === 'active') actor.send({ type: 'close' })
  }
}
