/**
 * What a call to another process costs: a connection over a Unix socket, against `child_process.fork` with `send` of the
 * same payload as JSON. Both in one run, taking turns. `node dist/test/bench/protocol.js`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Connection, type Role } from '../../src/protocol/connection.js'
import { openSocket } from '../../src/protocol/socketTransport.js'

const ROUNDS = 7
const self = fileURLToPath(import.meta.url)
const silent = { debug() {}, info() {}, warn() {}, error() {} }

function connectionOn(socket: Socket, role: Role): Connection {
  const connection = new Connection({
    role,
    open: openSocket(socket),
    logger: silent,
    answerCall: payload => payload,
    answer: () => ({ kind: 'Empty', payload: null }),
    closed: () => {},
  })
  connection.open()
  connection.initialized()
  return connection
}

type Call = (payload: unknown) => Promise<unknown>

async function load(call: Call, atOnce: number, count: number): Promise<number> {
  let left = count
  const start = process.hrtime.bigint()
  const loop = async () => {
    while (left-- > 0) await call({ id: 100_000 + left, method: 'render', text: 'hello', ok: true })
  }
  await Promise.all(Array.from({ length: atOnce }, loop))
  return count / (Number(process.hrtime.bigint() - start) / 1e9)
}

async function forked(): Promise<{ call: Call; stop: () => void }> {
  const child = fork(self, ['json'])
  const pending = new Map<number, (payload: unknown) => void>()
  let last = 0
  child.on('message', ({ id, payload }: { id: number; payload: unknown }) => {
    pending.get(id)?.(payload)
    pending.delete(id)
  })
  const call: Call = payload =>
    new Promise(resolve => {
      pending.set(++last, resolve)
      child.send({ id: last, payload })
    })
  return { call, stop: () => child.disconnect() }
}

async function connected(): Promise<{ call: Call; stop: () => void }> {
  const directory = await mkdtemp(join(tmpdir(), 'cutover-bench-'))
  const path = join(directory, 'socket')
  const server = createServer()
  server.listen(path)
  await once(server, 'listening')
  fork(self, ['socket', path]).disconnect()
  const [socket] = (await once(server, 'connection')) as [Socket]
  server.close()
  await rm(directory, { recursive: true })
  const connection = connectionOn(socket, 'host')
  return { call: payload => connection.call(payload), stop: () => connection.close(new Error('over')) }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

async function main(): Promise<void> {
  const [json, socket] = [await forked(), await connected()]
  const rows = []
  for (const [atOnce, count] of [
    [64, 150_000],
    [1, 10_000],
  ] as const) {
    const rates: { json: number[]; socket: number[] } = { json: [], socket: [] }
    for (let round = 0; round < ROUNDS; round++) {
      rates.json.push(await load(json.call, atOnce, count))
      rates.socket.push(await load(socket.call, atOnce, count))
    }
    const [theirs, ours] = [median(rates.json), median(rates.socket)]
    const [before, now] = [Math.round(theirs), Math.round(ours)]
    rows.push({
      'at once': atOnce,
      'fork JSON, calls/s': before,
      'connection, calls/s': now,
      ratio: (ours / theirs).toFixed(2),
    })
  }
  json.stop()
  socket.stop()
  console.log(`Node ${process.version}, medians of ${ROUNDS} rounds`)
  console.table(rows)
}

const [mode, path = ''] = process.argv.slice(2)
if (mode === 'json') process.on('message', (message: object) => process.send?.(message))
else if (mode === 'socket') connectionOn(connect(path), 'guest')
else await main()
