/**
 * A server of `fixtures/httpApp`, in a process of its own. The argument says which: `plain`, `cluster` of two, `cutover` with a process
 * per version, or `pool` with two. It sends its port; to each message it brings up new processes of the application, then answers with 0.
 */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { childProcess, type Provisioner, pool } from 'cutover/hosts'
import { serveHttp } from 'cutover/http'
import type { Hono } from 'hono'
import { fixture } from './fixture.js'
import type { Kind } from './httpLoad.js'
import { ProcessVersions } from './processVersions.js'

interface Running {
  readonly port: number
  switch(): Promise<void>
}

/** The application as its users run it without us. */
async function plain(): Promise<Running> {
  const { default: app } = (await import(fixture('httpApp').href)) as { readonly default: Hono }
  const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, switch: async () => {} }
}

/** Disconnects a worker, as the documentation of `cluster` shows it: a connection that is never idle keeps it up. */
async function leave(worker: Worker): Promise<void> {
  const gone = once(worker, 'exit')
  worker.disconnect()
  const late = setTimeout(() => worker.kill(), 500)
  await gone
  clearTimeout(late)
}

/** Two workers, which share the first free port. A switch forks two others before the old ones leave. */
async function clustered(): Promise<Running> {
  let port = 0
  const fork = async () => {
    const worker = cluster.fork()
    const [address] = (await once(worker, 'listening')) as [AddressInfo]
    port = address.port
    return worker
  }
  let workers = await Promise.all([fork(), fork()])
  return {
    port,
    switch: async () => {
      const old = workers
      workers = await Promise.all([fork(), fork()])
      await Promise.all(old.map(leave))
    },
  }
}

async function ours(processes: Provisioner): Promise<Running> {
  const versions = new ProcessVersions({ handover: 'overlap', drainTimeout: 60_000 }, fixture('httpApp'), processes)
  await versions.start()
  const { port } = await serveHttp(versions.aggregate, { port: 0, host: '127.0.0.1' })
  return {
    port,
    switch: async () => {
      const move = await versions.prepare()
      await move()
    },
  }
}

const KINDS: Readonly<Record<Kind, () => Promise<Running>>> = {
  plain,
  cluster: clustered,
  cutover: () => ours(childProcess()),
  pool: () => ours(pool(childProcess(), { size: 2 })),
}
const kind = process.argv[2] as Kind

if (cluster.isWorker) {
  await plain()
} else {
  const running = await KINDS[kind]()
  process.on('message', async () => {
    await running.switch()
    process.send?.(0)
  })
  process.once('disconnect', () => process.exit())
  process.send?.(running.port)
}
