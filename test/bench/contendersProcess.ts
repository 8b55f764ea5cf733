import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { childProcess } from 'cutover/hosts'
import { FrameDecoder, MessageReader, MessageWriter } from 'cutover/protocol'
import { type Contender, hosted, type Start, Waiting } from './contenders.js'
import { subject } from './harness/subject.js'

const REQUEST = 1
const KIND = 'RuntimeCallRequest'
/** Compiled: what is in `subjects` cannot import the library. */
const CODEC_ECHO = new URL('subjects/codecEcho.js', import.meta.url)

export const processHost: Start = () => hosted(childProcess())

/** `child_process.fork` and `send`, with an id to find whom the answer is for. */
export const forked =
  (serialization: 'json' | 'advanced'): Start =>
  async () => {
    const child = fork(subject('forked'), { serialization })
    await once(child, 'spawn')
    const waiting = new Waiting()
    child.on('message', message => {
      const { id, answer } = message as { readonly id: number; readonly answer: unknown }
      waiting.answer(id, answer)
    })
    return {
      call: request => waiting.ask(id => child.send({ id, request })),
      close: () => ended(child),
    }
  }

/**
 * A Unix socket with the codec of the process host on both ends, and nothing else: no limits, no signals, no errors, no
 * supervisor. What is sent in one turn of the event loop is one write.
 */
export const bareSocket: Start = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, [fileURLToPath(CODEC_ECHO), path], { stdio: 'inherit' })
  const failed = once(child, 'exit').then(([code]) => Promise.reject(new Error(`The echo ended with code ${code}.`)))
  const [socket] = (await Promise.race([once(server, 'connection'), failed])) as [Socket]
  failed.catch(() => {})
  const call = pipelined(socket)
  return {
    call,
    async close() {
      socket.destroy()
      server.close()
      await ended(child)
      rmSync(folder, { recursive: true })
    },
  }
}

function pipelined(socket: Socket): Contender['call'] {
  const waiting = new Waiting()
  const [writer, reader, frames] = [new MessageWriter(), new MessageReader(), new FrameDecoder()]
  const flush = () => {
    socket.write(writer.take())
    if (socket.writableLength === 0) writer.recycle()
  }
  socket.on('drain', () => writer.recycle())
  socket.on('data', chunk =>
    frames.push(chunk, (bytes, start, end) => {
      const { id, payload } = reader.read(bytes, start, end)
      waiting.answer(Number(id), payload)
    }),
  )
  return request =>
    waiting.ask(id => {
      if (writer.length === 0) process.nextTick(flush)
      writer.add(id, REQUEST, KIND, request)
    })
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}
