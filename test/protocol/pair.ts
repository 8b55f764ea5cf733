import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from '../../src/contract/logger.js'
import { Connection } from '../../src/protocol/connection.js'
import type { ConnectionOptions } from '../../src/protocol/connectionOptions.js'
import { openSocket, type SocketTransportOptions } from '../../src/protocol/transports/socketTransport.js'

export interface Line {
  readonly level: string
  readonly message: string
}

/** The two ends of a Unix socket. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-test-'))
  const path = join(directory, 'socket')
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  const near = connectTo(path)
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  await rm(directory, { recursive: true })
  return [near, far]
}

export function logTo(lines: Line[]): Logger {
  const write = (level: string) => (_: object, message: string) => void lines.push({ level, message })
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export type Changes = Partial<ConnectionOptions & SocketTransportOptions>

/** A connection that echoes calls by default. */
export function connectionOn(socket: Socket, role: 'host' | 'guest', changes: Changes = {}): Connection {
  return new Connection({
    role,
    open: openSocket(socket, changes),
    logger: logTo([]),
    answerCall: payload => payload,
    answer: kind => {
      throw new Error(`not supported: ${kind}`)
    },
    closed: () => {},
    ...changes,
  })
}

/** A ready host and a ready guest on one socket. */
export async function connectedPair(host: Changes = {}, guest: Changes = {}) {
  const [near, far] = await socketPair()
  const pair = { near, far, host: connectionOn(near, 'host', host), guest: connectionOn(far, 'guest', guest) }
  for (const side of [pair.host, pair.guest]) {
    side.open()
    side.initialized()
  }
  return {
    ...pair,
    [Symbol.asyncDispose]: async () => {
      for (const side of [pair.host, pair.guest]) side.close(new Error('The test is over.'))
      await Promise.all([near, far].map(socket => (socket.closed ? undefined : once(socket, 'close'))))
    },
  }
}
