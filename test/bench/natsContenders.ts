/** A remote version, and bare requests of NATS with the same codec, over one server of NATS. */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { connect, type NatsConnection } from '@nats-io/transport-node'
import { remote } from 'cutover/fleet'
import { MessageReader, type MessageType, MessageWriter } from 'cutover/protocol'
import { type Contender, hostContender, type Start } from './contenders.js'

/** The path on Debian, which the PATH of most users lacks. */
const NATS_SERVER = ['/usr/sbin/nats-server', '/usr/local/bin/nats-server'].find(existsSync)
const ECHO = fileURLToPath(new URL('fixtures/natsEcho.js', import.meta.url))
const HEADER_BYTES = 4
const REQUEST: MessageType = 1
/** Above this, a bare request counts as failed, in ms. */
const TIMEOUT = 60_000

export interface NatsServer extends AsyncDisposable {
  readonly url: string
}

/** @returns undefined if there is none on this machine */
export async function startNats(): Promise<NatsServer | undefined> {
  if (NATS_SERVER === undefined) return undefined
  const server = spawn(NATS_SERVER, ['--addr', '127.0.0.1', '--port', '-1'], { stdio: ['ignore', 'ignore', 'pipe'] })
  let address: string | undefined
  for await (const line of createInterface({ input: server.stderr })) {
    address ??= /client connections on (\S+)/.exec(line)?.[1]
    if (line.endsWith('Server is ready')) break
  }
  const dispose = async () => {
    const exited = once(server, 'exit')
    server.kill()
    await exited
  }
  return { url: `nats://${address}`, [Symbol.asyncDispose]: dispose }
}

/** `remote()`, and a server in a process of its own. */
export const remoteHost = (url: string): Start =>
  overNats(url, connection => hostContender(remote({ connection, subject: 'ours' })))

/** `request()` of the client, with the codec of the remote host at both ends, and nothing else. */
export const bareRequest = (url: string): Start =>
  overNats(url, async connection => {
    const [writer, reader] = [new MessageWriter(), new MessageReader()]
    let lastId = 0
    return {
      async call(request) {
        writer.add(++lastId, REQUEST, 'RuntimeCallRequest', request)
        const { data } = await connection.request('bare', writer.take(), { timeout: TIMEOUT })
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
        return reader.read(bytes, HEADER_BYTES, bytes.length).payload
      },
      close: async () => {},
    }
  })

function overNats(url: string, start: (connection: NatsConnection) => Promise<Contender>): Start {
  return async () => {
    const echo = fork(ECHO, [url])
    await once(echo, 'message')
    const connection = await connect({ servers: url })
    const contender = await start(connection)
    return {
      call: request => contender.call(request),
      async close() {
        await contender.close()
        await connection.close()
        const exited = once(echo, 'exit')
        echo.disconnect()
        await exited
      },
    }
  }
}
