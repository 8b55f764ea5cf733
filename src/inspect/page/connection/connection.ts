import { createActor } from 'xstate'
import { connectionMachine } from './pageConnectionMachine.js'

/** Where the connection stands. */
export type ConnectionState = 'connecting' | 'open' | 'waiting' | 'refused' | 'closed'

/** What the page does about its connection. */
export interface ConnectionHandlers {
  readonly state: (state: ConnectionState) => void
  readonly text: (text: string) => void
}

/** Where the program is, seen from the page's own address; undefined without a token. */
export function socketUrl(page: { readonly host: string; readonly search: string; readonly protocol: string }) {
  const token = new URLSearchParams(page.search).get('token')
  if (token === null || !page.protocol.startsWith('http')) return undefined
  const scheme = page.protocol === 'https:' ? 'wss' : 'ws'
  return `${scheme}://${page.host}/socket?token=${encodeURIComponent(token)}`
}

const PATIENCE = 10_000

/** Whether the page would not be had again at its own address: a WebSocket does not tell why it is refused. */
export async function isRefused(page: { readonly href: string }): Promise<boolean> {
  try {
    const { status } = await fetch(page.href, { method: 'HEAD', signal: AbortSignal.timeout(PATIENCE) })
    return status === 401
  } catch {
    return false
  }
}

/**
 * Connects until it is told to stop, or refused.
 *
 * @param asksWhy - tells, when there is no connection, whether there never will be one
 * @returns ends the connection for good
 */
export function connect(url: string, handlers: ConnectionHandlers, asksWhy: () => Promise<boolean>): () => void {
  let socket: WebSocket | undefined
  const drop = () => {
    const old = socket
    socket = undefined
    old?.close()
  }
  const open = () => {
    drop()
    const opened = new WebSocket(url)
    socket = opened
    const isCurrent = () => socket === opened
    opened.onopen = () => isCurrent() && actor.send({ type: 'opened' })
    opened.onclose = async () => {
      if (!isCurrent()) return
      const isRefusal = actor.getSnapshot().matches('connecting') && (await asksWhy())
      if (isCurrent()) actor.send({ type: isRefusal ? 'refused' : 'closed' })
    }
    opened.onmessage = ({ data }) => {
      if (isCurrent() && typeof data === 'string') handlers.text(data)
    }
  }
  const machine = connectionMachine.provide({ actions: { openSocket: open, closeSocket: drop } })
  const actor = createActor(machine)
  actor.subscribe(({ value }) => handlers.state(value))
  actor.start()
  return () => actor.send({ type: 'close' })
}
