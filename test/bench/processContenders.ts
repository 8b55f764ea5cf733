import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childProcess } from 'cutover/hosts'
import { FrameDecoder, MessageReader, MessageWriter } from 'cutover/protocol'
import { type Contender, hostContender, PendingAnswers, type Start } from './contenders.js'
import { fixture } from './harness/fixture.js'
import { killed } from './harness/killed.js'

const REQUEST = 1
const KIND = 'RuntimeCallRequest'
/** Compiled, because a plain fixture cannot import the library. */
const CODEC_ECHO = new URL('fixtures/codecEcho.js', import.meta.url)

export const processHost: Start = () => hostContender(childProcess())

/** `child_process.fork` and `send`, with ids to match the answers. */
export const forked =
  (serialization: 'json' | 'advanced'): Start =>
  async () => {
    const child = fork(fixture('forked'), { serialization })
    await once(child, 'spawn')
    const pending = new PendingAnswers()
    child.on('message', message => {
      const { id, answer } = message as { readonly id: number; readonly answer: unknown }
      pending.resolve(id, answer)
    })
    return {
      call: request => pending.request(id => child.send({ id, request })),
      close: () => killed(child),
    }
  }

/**
 * A Unix socket with the codec of the process host at both ends, and nothing else: no limits, no signals, no errors, no
 * supervisor. All messages of one turn of the event loop are one write.
 */
export const bareSocket: Start = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, [fileURLToPath(CODEC_ECHO), path], { stdio: 'inherit' })
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The echo exited with code ${code}.`)))
  const [socket] = (await Promise.race([once(server, 'connection'), failed])) as [Socket]
  failed.catch(() => {})
  const call = callOver(socket)
  return {
    call,
    async close() {
      socket.destroy()
      server.close()
      await killed(child)
      rmSync(folder, { recursive: true })
    },
  }
}

function callOver(socket: Socket): Contender['call'] {
  const pending = new PendingAnswers()
  const [writer, reader, frames] = [new MessageWriter(), new MessageReader(), new FrameDecoder()]
  const flush = () => {
    socket.write(writer.take())
    if (socket.writableLength === 0) writer.recycle()
  }
  socket.on('drain', () => writer.recycle())
  socket.on('data', chunk =>
    frames.push(chunk, (bytes, start, end) => {
      const { id, payload } = reader.read(bytes, start, end)
      pending.resolve(Number(id), payload)
    }),
  )
  return request =>
    pending.request(id => {
      if (writer.length === 0) process.nextTick(flush)
      writer.add(id, REQUEST, KIND, request)
    })
}
