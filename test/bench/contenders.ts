import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { Piscina } from 'piscina'

export interface Request {
  readonly id: number
  readonly method: string
  readonly text: string
  readonly ok: boolean
}

/** About 60 bytes as JSON. */
export const REQUEST: Request = { id: 123_456, method: 'render', text: 'hello', ok: true }

/** Somebody who answers a request from somewhere else. */
export interface Contender {
  call(request: Request): Promise<unknown>
  close(): Promise<void>
}

const subject = (name: string) => new URL(`../../../test/bench/subjects/${name}.mjs`, import.meta.url)

async function hosted(provisioner: Provisioner): Promise<Contender> {
  const runtime = provisioner.provision<Request, unknown>({ id: 'bench', version: '1.0.0', module: subject('echo') })
  runtime.start()
  await runtime.call(REQUEST)
  return { call: request => runtime.call(request), close: async () => runtime.stop() }
}

/** `child_process.fork` and `send`, with an id to find whom the answer is for. */
async function forked(serialization: 'json' | 'advanced'): Promise<Contender> {
  const child = fork(subject('forked'), { serialization })
  await once(child, 'spawn')
  const waiting = new Map<number, (answer: unknown) => void>()
  let lastId = 0
  child.on('message', message => {
    const { id, answer } = message as { readonly id: number; readonly answer: unknown }
    const resolve = waiting.get(id)
    waiting.delete(id)
    resolve?.(answer)
  })
  return {
    call: request =>
      new Promise(resolve => {
        const id = ++lastId
        waiting.set(id, resolve)
        child.send({ id, request })
      }),
    close: () => ended(child),
  }
}

/** A Unix socket and nothing else: the bytes of the request there and back, one at a time. */
async function socket(): Promise<Contender> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  const path = join(folder, 'socket')
  const server = createServer().listen(path)
  await once(server, 'listening')
  const child = spawn(process.execPath, [subject('ponger').pathname, path], { stdio: 'inherit' })
  const [connection] = (await once(server, 'connection')) as [Socket]
  const bytes = Buffer.from(JSON.stringify(REQUEST))
  let answered = (_: unknown) => {}
  connection.on('data', chunk => answered(chunk))
  return {
    call: () =>
      new Promise(resolve => {
        answered = resolve
        connection.write(bytes)
      }),
    async close() {
      connection.destroy()
      server.close()
      await ended(child)
      rmSync(folder, { recursive: true })
    },
  }
}

async function piscina(): Promise<Contender> {
  const pool = new Piscina({
    filename: subject('piscina').href,
    minThreads: 1,
    maxThreads: 1,
    concurrentTasksPerWorker: 64,
  })
  return { call: request => pool.run(request), close: () => pool.destroy() }
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

export const CONTENDERS = {
  'in-process host': () => hosted(inProcess()),
  'process host': () => hosted(childProcess()),
  'worker host': () => hosted(workerThread()),
  'fork, JSON': () => forked('json'),
  'fork, advanced': () => forked('advanced'),
  'bare Unix socket': socket,
  'Piscina, one thread': piscina,
} satisfies Record<string, () => Promise<Contender>>

export type ContenderName = keyof typeof CONTENDERS
