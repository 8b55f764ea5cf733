import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { Provisioner } from 'cutover/hosts'
import { FrameDecoder, MessageReader, MessageWriter } from 'cutover/protocol'
import { fixture } from './harness/fixture.js'
import { killed } from './harness/killed.js'

/** Something that sends streams from another process or thread. */
export interface StreamContender {
  /** Asks for a stream, and reads it to its end. */
  read(count: number, size: number): Promise<void>
  /** A call with a plain answer, where there is one. */
  call?(): Promise<unknown>
  /** Asks for a stream, and gives it unread. */
  open?(count: number, size: number): Promise<ReadableStream<Uint8Array>>
  close(): Promise<void>
}

export type StartStreams = () => Promise<StreamContender>

const REQUEST = 1
const CODEC_STREAM = new URL('fixtures/codecStream.js', import.meta.url)

/** A host of this library, called without an aggregate. */
export const hostStreams =
  (host: Provisioner): StartStreams =>
  async () => {
    const runtime = host.provision<object, ReadableStream<Uint8Array>>({
      id: 'bench',
      version: '1.0.0',
      module: fixture('streams'),
    })
    runtime.start()
    await runtime.call({})
    return {
      read: async (count, size) => drain(await runtime.call({ count, size })),
      call: () => runtime.call({}),
      open: (count, size) => runtime.call({ count, size }),
      close: async () => runtime.stop(),
    }
  }

/** A Unix socket with the frames of the library at both ends, and nothing else: no credit, no `ReadableStream`. */
export const bareStreams: StartStreams = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, [fileURLToPath(CODEC_STREAM), path], { stdio: 'inherit' })
  const [socket] = (await once(server, 'connection')) as [Socket]
  const [writer, reader, frames] = [new MessageWriter(), new MessageReader(), new FrameDecoder()]
  let ended = () => {}
  socket.on('data', chunk =>
    frames.push(chunk, (bytes, start, end) => {
      if (reader.read(bytes, start, end).kind === 'StreamEnd') ended()
    }),
  )
  return {
    async read(count, size) {
      const end = new Promise<void>(resolve => {
        ended = resolve
      })
      writer.add(1, REQUEST, 'RuntimeCallRequest', { count, size })
      socket.write(writer.take())
      await end
    },
    async close() {
      socket.destroy()
      server.close()
      await killed(child)
      rmSync(folder, { recursive: true })
    },
  }
}

/** A `ReadableStream` that a worker thread transfers. */
export const transferredStreams: StartStreams = async () => {
  const worker = new Worker(fixture('transferredStream'))
  return {
    async read(count, size) {
      worker.postMessage({ count, size })
      const [stream] = (await once(worker, 'message')) as [ReadableStream<Uint8Array>]
      await drain(stream)
    },
    close: async () => void (await worker.terminate()),
  }
}

/** `child_process.fork`, and `send` for each chunk. */
export const forkedStreams: StartStreams = async () => {
  const child = fork(fixture('forkedStream'), { serialization: 'advanced' })
  await once(child, 'spawn')
  return {
    async read(count, size) {
      const end = new Promise<void>(resolve => {
        const heard = (chunk: unknown) => {
          if (chunk !== null) return
          child.off('message', heard)
          resolve()
        }
        child.on('message', heard)
      })
      child.send({ count, size })
      await end
    },
    close: () => killed(child),
  }
}

async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of stream);
}
